//! Programs of ours that a benchmark runs.

use std::process::Child;

use anyhow::Context;

/// A program that ends with this.
pub struct Running(pub Child);

impl Running {
    /// Resident memory, as the kernel counts it.
    pub fn memory_mb(&self) -> anyhow::Result<f64> {
        memory_mb(self.0.id())
    }
}

/// Resident memory of a process, as the kernel counts it.
pub fn memory_mb(id: u32) -> anyhow::Result<f64> {
    let path = format!("/proc/{id}/status");
    let status = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {path}: memory is measured on Linux"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes: f64 = line
        .context("no VmRSS")?
        .trim()
        .trim_end_matches(" kB")
        .parse()?;
    Ok(kilobytes / 1024.0)
}

impl Drop for Running {
    fn drop(&mut self) {
        // Nothing more can be done about a process that does not end than to leave it.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
