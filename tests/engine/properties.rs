//! What holds for every cart, whatever the rules.
