//! A certificate authority for tests: it certifies whatever name it is given, in a temporary folder, gone with the value.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;

pub struct ScratchAuthority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

/// Where a certificate and its key are kept, both PEM.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CertificateFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl ScratchAuthority {
    pub fn new() -> anyhow::Result<Self> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join("ca.pem"), issuer.pem())?;
        Ok(Self { issuer, folder })
    }

    /// Its own certificate (PEM): who trusts it trusts what it certifies.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A certificate for this machine.
    pub fn certify_loopback(&self) -> anyhow::Result<CertificateFiles> {
        self.certify(&["127.0.0.1", "localhost"])
    }

    /// A certificate for host names and addresses, in files that are called by the first of them. What is there is replaced, each file in one
    /// step, as what renews certificates does it.
    pub fn certify(&self, names: &[&str]) -> anyhow::Result<CertificateFiles> {
        let files = CertificateFiles::of(names, self.folder.path());
        self.certify_in(names, &files)?;
        Ok(files)
    }

    /// The same in files of another authority, or of nobody.
    pub fn certify_in(&self, names: &[&str], files: &CertificateFiles) -> anyhow::Result<()> {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(names)?.signed_by(&key, &self.issuer)?;
        replace(&files.key, &key.serialize_pem())?;
        replace(&files.certificate, &certificate.pem())
    }
}

impl CertificateFiles {
    fn of(names: &[&str], folder: &Path) -> Self {
        let name = names.first().copied().unwrap_or_default();
        let file = |ending| folder.join(format!("{name}.{ending}"));
        Self {
            certificate: file("crt"),
            key: file("key"),
        }
    }
}

fn replace(file: &Path, pem: &str) -> anyhow::Result<()> {
    let new = file.with_extension("new");
    fs::write(&new, pem)
        .and_then(|()| fs::rename(new, file))
        .with_context(|| format!("cannot write {}", file.display()))
}
