//! The evaluation: a pure function of rules, request and time (spec 7).
