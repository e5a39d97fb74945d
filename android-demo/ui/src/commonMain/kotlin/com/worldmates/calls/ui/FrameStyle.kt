package com.worldmates.calls.ui

/** How somebody's picture is framed. Six, as the messenger has always had. */
public enum class FrameStyle {
    /** From edge to edge, nothing around it. */
    PLAIN,

    /** Round corners and a thread of light. */
    ROUNDED,

    /** A round window with two rims. */
    CIRCLE,

    /** A rim in the colours of dawn. */
    GRADIENT,

    /** A glowing tube. */
    NEON,

    /** Two opposite corners cut off, like a ticket. */
    CUT_CORNER,
}
