//! The real program, driven as a user does: on free ports, in temporary folders.

mod crash;
mod demo;
mod harness;
mod produce;
mod refusals;
mod round_trip;
mod topics;
mod up;
