//! Branding: how a tenant shows itself on its sign-in page and in its mails.

pub mod model;
pub mod repository;
pub mod service;

pub use model::{Brand, Branding, Color, InvalidColor, InvalidWebAddress, Look, WebAddress};
pub use repository::{BrandDirectory, BrandingRepository};
