use std::{fs, io::Write, path::Path};

use brotli::enc::BrotliEncoderParams;
use flate2::{Compression, write::GzEncoder};

/// Writes `<file>.br` and `<file>.gz`, at the best level: this runs once a build, the files are sent often.
pub(crate) fn beside(file: &Path, content: &[u8]) -> anyhow::Result<()> {
    let mut br = Vec::new();
    brotli::BrotliCompress(&mut &*content, &mut br, &BrotliEncoderParams::default())?;
    fs::write(with_suffix(file, ".br"), br)?;

    let mut gz = GzEncoder::new(Vec::new(), Compression::best());
    gz.write_all(content)?;
    fs::write(with_suffix(file, ".gz"), gz.finish()?)?;
    Ok(())
}

fn with_suffix(file: &Path, suffix: &str) -> std::path::PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
