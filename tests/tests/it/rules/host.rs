//! What the host of a room of many decides, and who comes in.
use calls_tests::stage::{check, check_with_media};

#[test]
fn a_host_mutes_somebody_who_may_speak_again() {
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
        2a mutes 3 in room
          2a no: forbidden
        1a mutes 2 in room
          1a ok
          2a < muted room by 1 #3
          1a < media room 2 silent #4
          3a < media room 2 silent #4
        1a mutes 2 in room
          1a ok
        2a toggles room audio
          2a ok
          1a < media room 2 audio #5
          3a < media room 2 audio #5
        1a mutes 9 in room
          1a no: not_found
        "#,
    );
}

#[test]
fn the_media_server_silences_whom_the_host_mutes() {
    check_with_media(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        1a joins room opening
          1a ok in it: 1
        2a joins room offering o2
          2a ok in it: 1 2, sfu
          1a < joined room 2 audio #1
          1a < room room: 1 2, sfu
          media offer room 2.1 "o2"
          media switches room 2.1 audio
        1a mutes 2 in room
          1a ok
          2a < muted room by 1 #2
          1a < media room 2 silent #3
          media switches room 2.1 silent
        2a toggles room audio
          2a ok
          1a < media room 2 audio #4
          media switches room 2.1 audio
        "#,
    );
}

#[test]
fn a_removed_participant_stays_out_until_they_are_admitted_again() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        3a registers
          3a ok
        1a calls group 7 in g
          1a ok call 1, rings 2
          db group 1 ringing
          db group 1 joined 1
          push 2 ring
          2a < incoming g from Name 1 in Climbers #1
          push 3 ring
          3a < incoming g from Name 1 in Climbers #2
        2a joins g
          2a ok in it: 1 2
          db group 1 active
          db group 1 joined 2
          1a < joined g 2 audio #3
        3a joins g
          3a ok in it: 1 2 3
          db group 1 joined 3
          1a < joined g 3 audio #4
          2a < joined g 3 audio #4
        2a removes 3 from g
          2a no: forbidden
        wait 5s
        1a removes 3 from g
          1a ok
          3a < ended g removed by 1 5 s #5
          db group 1 left 3
          1a < left g 3 #6
          2a < left g 3 #6
        1a removes 3 from g
          1a ok
        3a joins g
          3a no: forbidden
        3a resumes g
          3a no: forbidden
        3a writes hello in g as m1
          3a no: conflict
        1a admits 3 to g
          1a ok
        3a joins g
          3a ok in it: 1 2 3
          db group 1 joined 3
          1a < joined g 3 audio #7
          2a < joined g 3 audio #7
        1a removes 1 from g
          1a no: bad_request
        "#,
    );
}

#[test]
fn somebody_who_is_removed_while_away_hears_it_when_they_are_back() {
    check_with_media(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        3a registers
          3a ok
        1a joins room opening
          1a ok in it: 1
        2a joins room offering o2
          2a ok in it: 1 2, sfu
          1a < joined room 2 audio #1
          1a < room room: 1 2, sfu
          media offer room 2.1 "o2"
          media switches room 2.1 audio
        2a drops
          1a < reconnecting room 2 #2
        1a removes 2 from room
          1a ok
          media leave room 2.1
          1a < left room 2 #4
        2a registers
          2a ok
        2a resumes room
          2a no: forbidden
          2a < ended room removed by 1 0 s #3
        2a joins room
          2a no: forbidden
        "#,
    );
}

#[test]
fn a_locked_room_takes_back_who_was_in_it_and_nobody_else() {
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
        2a locks room
          2a no: forbidden
        1a locks room
          1a ok
          2a < changed room locked by 1 #2
        1a locks room
          1a ok
        3a joins room
          3a no: forbidden
        2a leaves room
          2a ok
          1a < left room 2 #3
        2a joins room
          2a ok in it: 1 2, locked
          1a < joined room 2 audio #4
        1a unlocks room
          1a ok
          2a < changed room unlocked by 1 #5
        3a joins room
          3a ok in it: 1 2 3
          1a < joined room 3 audio #6
          2a < joined room 3 audio #6
        "#,
    );
}

#[test]
fn newcomers_wait_until_the_host_admits_or_refuses_them() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        3a registers
          3a ok
        4a registers
          4a ok
        1a joins room opening
          1a ok in it: 1
        1a opens the waiting room of room
          1a ok
        2a joins room
          2a ok in it: nobody, host 1, waiting room, you wait
          1a < waiting room: 2 #1
        2a joins room
          2a ok in it: nobody, host 1, waiting room, you wait
        3a joins room
          3a ok in it: nobody, host 1, waiting room, you wait
          1a < waiting room: 2 3 #2
        2a writes hello in room as m1
          2a no: conflict
        2a admits 3 to room
          2a no: conflict
        1a admits 2 to room
          1a ok
          1a < joined room 2 audio #3
          2a < room room: 1 2, waiting room
          1a < waiting room: 3 #4
        1a refuses 3 at room
          1a ok
          3a < ended room removed by 1 0 s
          1a < waiting room: #5
        1a refuses 3 at room
          1a ok
        1a admits 3 to room
          1a no: not_found
        3a joins room
          3a ok in it: nobody, host 1, waiting room, you wait
          1a < waiting room: 3 #6
        3a leaves room
          3a ok
          1a < waiting room: #7
        2a leaves room
          2a ok
          1a < left room 2 #8
        2a joins room
          2a ok in it: 1 2, waiting room
          1a < joined room 2 audio #9
        4a joins room
          4a ok in it: nobody, host 1, waiting room, you wait
          1a < waiting room: 4 #10
        1a closes the waiting room of room
          1a ok
          2a < changed room unlocked by 1 #11
          1a < joined room 4 audio #12
          2a < joined room 4 audio #12
          4a < room room: 1 2 4
          1a < waiting room: #13
        3a joins room
          3a ok in it: 1 2 4 3
          1a < joined room 3 audio #14
          2a < joined room 3 audio #14
          4a < joined room 3 audio #14
        "#,
    );
}

#[test]
fn who_waits_with_an_offer_is_answered_once_they_are_in() {
    check_with_media(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        1a joins room opening
          1a ok in it: 1
        1a opens the waiting room of room
          1a ok
        2a joins room offering o2
          2a ok in it: nobody, host 1, waiting room, you wait
          1a < waiting room: 2 #1
        1a admits 2 to room
          1a ok
          1a < joined room 2 audio #2
          1a < room room: 1 2, sfu, waiting room
          media offer room 2.1 "o2"
          media switches room 2.1 audio
          2a < room room: 1 2, sfu, waiting room
          1a < waiting room: #3
        media answers room 2.1 a2
          2a < answer room "a2" #4
        "#,
    );
}

#[test]
fn a_guest_who_is_removed_cannot_ask_again() {
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
        1a removes 2 from room
          1a ok
          2a < ended room removed by 1 0 s
          1a < waiting room: #2
        2a joins room
          2a no: forbidden
        "#,
    );
}

#[test]
fn a_guest_whose_socket_is_gone_does_not_wait_any_more() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        2b registers
          2b ok
        1a joins room opening
          1a ok in it: 1
        1a opens the waiting room of room
          1a ok
        2a joins room
          2a ok in it: nobody, host 1, waiting room, you wait
          1a < waiting room: 2 #1
        2b joins room
          2b ok in it: nobody, host 1, waiting room, you wait
          2a < ended room answered_elsewhere by 2 0 s
          1a < waiting room: 2 #2
        2a drops
        2b drops
          1a < waiting room: #3
        2b registers
          2b ok
        2b joins room
          2b ok in it: nobody, host 1, waiting room, you wait
          1a < waiting room: 2 #4
        1a drops
        wait 30s
          2b < ended room completed by 1 0 s
        "#,
    );
}

#[test]
fn members_of_a_group_wait_too() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        3a registers
          3a ok
        1a calls group 7 in g
          1a ok call 1, rings 2
          db group 1 ringing
          db group 1 joined 1
          push 2 ring
          2a < incoming g from Name 1 in Climbers #1
          push 3 ring
          3a < incoming g from Name 1 in Climbers #2
        1a opens the waiting room of g
          1a ok
        2b registers
          2b ok, rings: g
          2b < incoming g from Name 1 in Climbers #1
        2a joins g
          2a ok in it: nobody, host 1, waiting room, you wait
          2b < ended g answered_elsewhere by 2 0 s
          1a < waiting g: 2 #3
        3a accepts g
          3a ok in it: nobody, host 1, waiting room, you wait
          1a < waiting g: 2 3 #4
        wait 45s
        3a ends g
          3a ok 0 s
          1a < waiting g: 2 #5
        1a admits 2 to g
          1a ok
          db group 1 active
          db group 1 joined 2
          1a < joined g 2 audio #6
          2a < room g: 1 2, waiting room
          1a < waiting g: #7
        "#,
    );
}

#[test]
fn a_call_in_which_the_last_guest_gives_up_ends() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        1a calls group 7 in g
          1a ok call 1, rings 1
          db group 1 ringing
          db group 1 joined 1
          push 2 ring
          2a < incoming g from Name 1 in Climbers #1
          push 3 ring
        1a opens the waiting room of g
          1a ok
        2a joins g
          2a ok in it: nobody, host 1, waiting room, you wait
          1a < waiting g: 2 #3
        wait 45s
          push 3 missed 1
        2a rejects g
          2a ok
          1a < ended g timeout 0 s #5
          db group 1 left 1
          db group 1 ended timeout
        "#,
    );
}

#[test]
fn who_is_in_longest_decides_when_the_host_has_left() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        3a registers
          3a ok
        4a registers
          4a ok
        1a joins room opening
          1a ok in it: 1
        2a joins room
          2a ok in it: 1 2
          1a < joined room 2 audio #1
        3a joins room
          3a ok in it: 1 2 3
          1a < joined room 3 audio #2
          2a < joined room 3 audio #2
        1a opens the waiting room of room
          1a ok
          2a < changed room unlocked, waiting room by 1 #3
          3a < changed room unlocked, waiting room by 1 #3
        4a joins room
          4a ok in it: nobody, host 1, waiting room, you wait
          1a < waiting room: 4 #4
        1a leaves room
          1a ok
          2a < left room 1, host 2 #5
          3a < left room 1, host 2 #5
          2a < waiting room: 4 #6
        3a admits 4 to room
          3a no: forbidden
        2a admits 4 to room
          2a ok
          2a < joined room 4 audio #7
          3a < joined room 4 audio #7
          4a < room room: 2 3 4, waiting room
          2a < waiting room: #8
        1a joins room
          1a ok in it: 2 3 4 1, waiting room
          2a < joined room 1 audio #9
          3a < joined room 1 audio #9
          4a < joined room 1 audio #9
        1a locks room
          1a no: forbidden
        2a drops
          3a < reconnecting room 2 #10
          4a < reconnecting room 2 #10
          1a < reconnecting room 2 #10
        wait 30s
          3a < left room 2, host 3 #12
          4a < left room 2, host 3 #12
          1a < left room 2, host 3 #12
        3a locks room
          3a ok
          4a < changed room locked, waiting room by 3 #13
          1a < changed room locked, waiting room by 3 #13
        "#,
    );
}

#[test]
fn after_a_restart_the_initiator_decides_or_whoever_is_there() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        3a registers
          3a ok
        restore 5 group 7 in g with 2 3
          push 1 ring
          1a < incoming g from Name 1 in Climbers #1
        2a resumes g
          2a ok in it: 2 3
        3a resumes g
          3a ok in it: 2 3
          2a < reconnected g 3 #3
          3a < reconnected g 2 #2
        3a locks g
          3a no: forbidden
        2a locks g
          2a ok
          3a < changed g locked by 2 #4
        "#,
    );
}

#[test]
fn a_call_of_two_has_no_host() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        1a calls 2 in r
          1a ok call 1, rings 1
          db 1 ringing
          2a < incoming r from Name 1 #1
        2a accepts r
          2a ok call 1
          db 1 connected
          1a < answer r "answer" #2
        1a mutes 2 in r
          1a no: conflict
        1a removes 2 from r
          1a no: conflict
        1a raises a hand in r
          1a no: conflict
        1a writes hello in r as m1
          1a no: conflict
        1a shows clap in r as m2
          1a no: conflict
        "#,
    );
}

#[test]
fn whoever_is_not_in_the_room_decides_and_says_nothing() {
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
        2a locks room
          2a no: conflict
        2a writes hello in room as m1
          2a no: conflict
        2a raises a hand in room
          2a no: conflict
        1b registers
          1b ok
        1b locks room
          1b no: already_answered
        "#,
    );
}
