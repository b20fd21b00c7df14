use std::{fs, num::NonZero, path::Path};

use brotli::enc::BrotliEncoderParams;
use zopfli::{Format, Options};

/// Writes `<file>.br` and `<file>.gz`, at the best level: this runs once a build, the files are sent often.
pub(crate) fn beside(file: &Path, content: &[u8]) -> anyhow::Result<()> {
    let mut br = Vec::new();
    brotli::BrotliCompress(&mut &*content, &mut br, &BrotliEncoderParams::default())?;
    fs::write(with_suffix(file, ".br"), br)?;

    // Smaller by a twentieth than what others write. More rounds take off nothing worth their time.
    let once = Options {
        iteration_count: NonZero::<u64>::MIN,
        ..Options::default()
    };
    let mut gz = Vec::new();
    zopfli::compress(once, Format::Gzip, content, &mut gz)?;
    fs::write(with_suffix(file, ".gz"), gz)?;
    Ok(())
}

fn with_suffix(file: &Path, suffix: &str) -> std::path::PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
