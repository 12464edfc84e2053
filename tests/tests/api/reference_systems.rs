//! The five reference systems, each with its own requests, names and figures, from sign-up to the paid invoice.
//!
//! The figures are typed in again from the systems' own tables, so that a slip in a catalog file is found here.

#[path = "reference_systems/apex.rs"]
mod apex;
#[path = "reference_systems/pytake.rs"]
mod pytake;
#[path = "reference_systems/rentroll.rs"]
mod rentroll;
#[path = "reference_systems/secure_ai_chat.rs"]
mod secure_ai_chat;
#[path = "reference_systems/securenet.rs"]
mod securenet;
#[path = "reference_systems/story.rs"]
mod story;
