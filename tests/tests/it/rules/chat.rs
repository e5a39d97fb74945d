//! Hands, reactions and chat in a room of many.
use calls_tests::stage::check;

#[test]
fn hands_are_seen_in_the_order_in_which_they_went_up() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        3a registers
          3a ok
        1a joins room opening
          1a ok in it: 1
        2a joins room
          2a ok in it: 1 2
          1a < joined room 2 audio #1
        3a joins room
          3a ok in it: 1 2 3
          1a < joined room 3 audio #2
          2a < joined room 3 audio #2
        3a raises a hand in room
          3a ok
          1a < hand room 3 up #3
          2a < hand room 3 up #3
        2a raises a hand in room
          2a ok
          1a < hand room 2 up #4
          3a < hand room 2 up #4
        3a raises a hand in room
          3a ok
        1a resumes room
          1a ok in it: 1 2 3, hands 3 2
        3a lowers a hand in room
          3a ok
          1a < hand room 3 down #5
          2a < hand room 3 down #5
        3a lowers a hand in room
          3a ok
        1a resumes room
          1a ok in it: 1 2 3, hands 2
        3a raises a hand in room
          3a ok
          1a < hand room 3 up #6
          2a < hand room 3 up #6
        1a resumes room
          1a ok in it: 1 2 3, hands 2 3
        "#,
    );
}

#[test]
fn a_chat_message_reaches_each_once_in_order_also_after_a_lost_socket() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        3a registers
          3a ok
        1a joins room opening
          1a ok in it: 1
        2a joins room
          2a ok in it: 1 2
          1a < joined room 2 audio #1
        1a writes one in room as m1
          1a ok
          2a < chat room Name 1: one #2
        2a drops
          1a < reconnecting room 2 #3
        1a writes two in room as m2
          1a ok
        1a writes two in room as m2
          1a ok
        1a writes three in room as m3
          1a ok
        2a registers
          2a ok
        2a resumes room after #1
          2a ok in it: 1 2
          1a < reconnected room 2 #6
          2a < chat room Name 1: one #2
          2a < chat room Name 1: two #4
          2a < chat room Name 1: three #5
        3a joins room
          3a ok in it: 1 2 3
          1a < joined room 3 audio #7
          2a < joined room 3 audio #7
        2a writes four in room as m1
          2a ok
          1a < chat room Name 2: four #8
          3a < chat room Name 2: four #8
        "#,
    );
}

#[test]
fn a_reaction_is_for_those_who_are_there() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        3a registers
          3a ok
        1a joins room opening
          1a ok in it: 1
        2a joins room
          2a ok in it: 1 2
          1a < joined room 2 audio #1
        3a joins room
          3a ok in it: 1 2 3
          1a < joined room 3 audio #2
          2a < joined room 3 audio #2
        3a drops
          1a < reconnecting room 3 #3
          2a < reconnecting room 3 #3
        1a shows clap in room as m1
          1a ok
          2a < reacted room 1 clap
        1a shows clap in room as m1
          1a ok
        1a shows heart in room as m2
          1a ok
          2a < reacted room 1 heart
        3a registers
          3a ok
        3a resumes room
          3a ok in it: 1 2 3
          1a < reconnected room 3 #4
          2a < reconnected room 3 #4
        "#,
    );
}

#[test]
fn a_shared_screen_is_a_second_picture() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        3a registers
          3a ok
        1a joins room opening
          1a ok in it: 1
        2a joins room
          2a ok in it: 1 2
          1a < joined room 2 audio #1
        2a toggles room audio screen
          2a ok
          1a < media room 2 audio screen #2
        2a toggles room audio
          2a ok
        3a joins room
          3a ok in it: 1 2 3, screens 2
          1a < joined room 3 audio #3
          2a < joined room 3 audio #3
        2a toggles room audio no-screen
          2a ok
          1a < media room 2 audio #4
          3a < media room 2 audio #4
        "#,
    );
}

#[test]
fn a_message_that_is_said_again_is_answered_with_when_it_was_said_first() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        1a joins room opening
          1a ok in it: 1
        2a joins room
          2a ok in it: 1 2
          1a < joined room 2 audio #1
        1a writes one in room as m1
          1a ok
          2a < chat room Name 1: one #2
        wait 7s
        1a writes one in room as m1
          1a ok, written 7 s before
        "#,
    );
}

#[test]
fn a_host_who_comes_back_or_begins_anew_is_told_who_waits() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        1a joins room opening
          1a ok in it: 1
        1a opens the waiting room of room
          1a ok
        2a joins room
          2a ok in it: nobody, host 1, waiting room, you wait
          1a < waiting room: 2 #1
        1a resumes room after #1
          1a ok in it: 1, waiting room
          1a < waiting room: 2 #2
        1a joins room
          1a ok in it: 1, waiting room
          1a < waiting room: 2 #3
        2a leaves room
          2a ok
          1a < waiting room: #4
        1a resumes room after #4
          1a ok in it: 1, waiting room
        "#,
    );
}
