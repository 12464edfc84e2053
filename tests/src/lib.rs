//! Tests of the whole. The library is empty; everything is in `tests/`.
//!
//! `tests/architecture.rs` holds the shape of the code, the others meet the program over HTTP as its
//! users do. See `docs/testing.md`.
