//! SRTP and SRTCP: packets sealed and opened in place.
