//! What each command of the program does.

pub mod catalog;
