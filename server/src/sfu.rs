//! The media server: rooms of many, whose sound and pictures go through here.
mod room;
