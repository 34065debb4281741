pub use kryoptic_lib::*;
