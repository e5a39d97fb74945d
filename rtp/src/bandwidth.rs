//! What a path carries, from when packets left and when they came. Time is an argument.
