//! The core of LUISA: everything that decides, and nothing that acts.
//!
//! One call, [`pipeline::decide`], takes a business pack, the conversation so far, the messages of one turn and the
//! clock's reading, and returns what to say, what to remember and why. May not do I/O, read the clock, draw a random
//! number, or know WhatsApp, SQL or HTTP: the same input always gives the same output, byte for byte, which is what
//! lets `replay`, `eval` and the tests be loops over one function.

// In reading order.
pub mod pipeline;
pub mod turn;
pub mod outcome;
pub mod ask;
pub mod options;
pub mod memory;
pub mod taxonomy;
pub mod answers;
pub mod stages;
pub mod prompt;
pub mod heard;
pub mod rehearsal;
pub mod examination;
pub mod understanding;
pub mod lexicon;
pub mod catalog;
pub mod catalog_table;
pub mod pack;
pub mod rows;
pub mod money;
pub mod listing;
pub mod verbatim;
pub mod schedule;
pub mod symbol;
