//! Bad input of every kind: it gets the documented problem, and changes nothing.

#[path = "bad_input/bodies.rs"]
mod bodies;
#[path = "bad_input/credentials.rs"]
mod credentials;
#[path = "bad_input/ids.rs"]
mod ids;
#[path = "bad_input/methods.rs"]
mod methods;
#[path = "bad_input/twice.rs"]
mod twice;
