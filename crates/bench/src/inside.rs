//! In this process, without HTTP: counting through the engine, and checks from memory.

pub mod checks;
pub mod counting;
mod fixture;
