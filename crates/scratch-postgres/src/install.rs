use std::{
    env, fs,
    os::unix::{fs::MetadataExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::Context;

/// Where Debian keeps the programs of each version.
const DEBIAN: &str = "/usr/lib/postgresql";
/// As whom the server runs when the tests run as root, which it refuses: the user of its own package, or one that nothing
/// belongs to.
const USERS: [&str; 2] = ["postgres", "nobody"];

const PROGRAMS: [&str; 6] = [
    "createdb",
    "initdb",
    "pg_ctl",
    "pg_isready",
    "postgres",
    "psql",
];

/// The programs of PostgreSQL, and as whom they run.
pub(crate) struct Install {
    programs: PathBuf,
    /// User and group, when they are not those of the tests.
    user: Option<(u32, u32)>,
}

impl Install {
    pub(crate) fn find() -> anyhow::Result<Option<Self>> {
        let on_path = env::var_os("PATH").and_then(|path| {
            let mut folders = env::split_paths(&path);
            folders.find(|folder| has_all(folder))
        });
        let Some(programs) = on_path.or_else(newest_of_debian) else {
            return Ok(None);
        };
        // The owner of this process's own entry is who runs it. Where there is none, nobody runs tests as root either.
        let is_root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
        let user = is_root.then(other_user).transpose()?;
        Ok(Some(Self { programs, user }))
    }

    /// A program in a folder, as the server's user, without what `PG…` variables of the caller say.
    pub(crate) fn command(&self, program: &str, folder: &Path) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir(folder).stdin(Stdio::null());
        // Certificates are looked for there, and the home of the tests' user may be closed to the server's.
        command.env("HOME", folder);
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with("PG") {
                command.env_remove(name);
            }
        }
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command
    }

    pub(crate) fn give(&self, path: &Path) -> anyhow::Result<()> {
        match self.user {
            Some((user, group)) => crate::give(path, user, group),
            None => Ok(()),
        }
    }
}

/// A folder may hold some of them only, for somebody's convenience.
fn has_all(folder: &Path) -> bool {
    PROGRAMS.iter().all(|program| folder.join(program).exists())
}

fn newest_of_debian() -> Option<PathBuf> {
    let versions = fs::read_dir(DEBIAN).ok()?.filter_map(|entry| {
        let entry = entry.ok()?;
        let version: u32 = entry.file_name().to_str()?.parse().ok()?;
        Some((version, entry.path().join("bin")))
    });
    let (_, programs) = versions.filter(|(_, programs)| has_all(programs)).max()?;
    Some(programs)
}

fn other_user() -> anyhow::Result<(u32, u32)> {
    let users = fs::read_to_string("/etc/passwd")?;
    let ids = |name: &str| {
        let line = users
            .lines()
            .find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        let mut number = || fields.next()?.parse().ok();
        Some((number()?, number()?))
    };
    USERS
        .into_iter()
        .find_map(ids)
        .context("PostgreSQL does not run as root, and there is no other user")
}
