use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::Context;
use service::Secret;

const FILE: &str = "api-token";

/// The token that a data folder keeps for a platform to which none is given: made once, so that those who have it can go on with it after
/// a restart. Only its owner may read the file.
pub fn kept_token(data_dir: &Path) -> anyhow::Result<(Secret, PathBuf)> {
    let file = data_dir.join(FILE);
    if !file.exists() {
        let told = || format!("cannot write the token to {}", file.display());
        fs::create_dir_all(data_dir).with_context(told)?;
        let mut options = OpenOptions::new();
        options.create_new(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut made = options.open(&file).with_context(told)?;
        writeln!(made, "{}", Secret::random()?.reveal()).with_context(told)?;
    }
    let token = Secret::given("API_TOKEN", None, Some(&file))?;
    let token = token.with_context(|| format!("{} holds no token", file.display()))?;
    Ok((token, file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_keeps_its_token_to_itself() {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = folder.path().join("data");
        let (token, file) = kept_token(&data_dir).unwrap();
        assert_eq!(kept_token(&data_dir).unwrap().0, token);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}
