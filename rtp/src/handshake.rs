//! DTLS 1.2, and the keys that it agrees on.
