/// Lets everything else go before the thread that calls this, and before threads that it starts: by `nice`, from 1 to 19,
/// which is the most. Only Linux has priorities of threads that anybody may lower.
pub(crate) fn lower(nice: i32) {
    #[cfg(target_os = "linux")]
    {
        if let Err(error) = rustix::process::setpriority_process(None, nice) {
            tracing::debug!(%error, "cannot lower the priority of a thread");
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = nice;
}
