//! Encrypted values and what can be done with them.

use crate::refusal::{Outcome, refusal, refuse};
use serde::{Deserialize, Serialize};
use tfhe::prelude::*;
use tfhe::safe_serialization::safe_serialize;
use tfhe::{FheBool, FheInt64, FheUint8, FheUint64};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    U8,
    U64,
    I64,
    Bool,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::U8 => "u8",
            Kind::U64 => "u64",
            Kind::I64 => "i64",
            Kind::Bool => "bool",
        }
    }
}

#[derive(Clone)]
pub enum Value {
    U8(FheUint8),
    U64(FheUint64),
    I64(FheInt64),
    Bool(FheBool),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    Add,
    Multiply,
    Negate,
    Equal,
    Less,
    /// of [condition, then, else]
    Select,
    And,
    Or,
    Not,
}

impl Value {
    pub fn kind(&self) -> Kind {
        match self {
            Value::U8(_) => Kind::U8,
            Value::U64(_) => Kind::U64,
            Value::I64(_) => Kind::I64,
            Value::Bool(_) => Kind::Bool,
        }
    }

    /// The 128-bit form that holders decrypt, in tfhe's own serialization: the 64-bit noise cannot be flooded.
    pub fn squash(&self) -> Outcome<Vec<u8>> {
        let mut bytes = Vec::new();
        let limit = 1 << 30;
        let failed = |error: tfhe::Error| refusal("SQUASH", error.to_string());
        let written = match self {
            Value::U8(a) => safe_serialize(&a.squash_noise().map_err(failed)?, &mut bytes, limit),
            Value::U64(a) => safe_serialize(&a.squash_noise().map_err(failed)?, &mut bytes, limit),
            Value::I64(a) => safe_serialize(&a.squash_noise().map_err(failed)?, &mut bytes, limit),
            Value::Bool(a) => safe_serialize(&a.squash_noise().map_err(failed)?, &mut bytes, limit),
        };
        written.map_err(|error| refusal("SQUASH", error.to_string()))?;
        Ok(bytes)
    }
}

/// Refuses JOB-KINDS where the operation is not for values of these kinds. Arithmetic wraps around, as in Rust.
pub fn apply(operation: Operation, operands: &[&Value]) -> Outcome<Value> {
    use Operation::*;
    use Value::*;
    Ok(match (operation, operands) {
        (Add, [U8(a), U8(b)]) => U8(a + b),
        (Add, [U64(a), U64(b)]) => U64(a + b),
        (Add, [I64(a), I64(b)]) => I64(a + b),
        (Multiply, [U8(a), U8(b)]) => U8(a * b),
        (Multiply, [U64(a), U64(b)]) => U64(a * b),
        (Multiply, [I64(a), I64(b)]) => I64(a * b),
        (Negate, [U8(a)]) => U8(-a),
        (Negate, [U64(a)]) => U64(-a),
        (Negate, [I64(a)]) => I64(-a),
        (Equal, [U8(a), U8(b)]) => Bool(a.eq(b)),
        (Equal, [U64(a), U64(b)]) => Bool(a.eq(b)),
        (Equal, [I64(a), I64(b)]) => Bool(a.eq(b)),
        (Less, [U8(a), U8(b)]) => Bool(a.lt(b)),
        (Less, [U64(a), U64(b)]) => Bool(a.lt(b)),
        (Less, [I64(a), I64(b)]) => Bool(a.lt(b)),
        (Select, [Bool(c), U8(a), U8(b)]) => U8(c.select(a, b)),
        (Select, [Bool(c), U64(a), U64(b)]) => U64(c.select(a, b)),
        (Select, [Bool(c), I64(a), I64(b)]) => I64(c.select(a, b)),
        (And, [Bool(a), Bool(b)]) => Bool(a & b),
        (Or, [Bool(a), Bool(b)]) => Bool(a | b),
        (Not, [Bool(a)]) => Bool(!a),
        _ => {
            let kinds: Vec<&str> = operands.iter().map(|one| one.kind().name()).collect();
            return refuse("JOB-KINDS", format!("{operation:?} of ({})", kinds.join(", ")));
        }
    })
}
