//! Which way the media of a room of many goes, and when it moves.
use calls_tests::stage::{check, check_with_media};

#[test]
fn a_group_moves_to_the_media_server_when_a_third_comes_and_back_when_one_has_left() {
    check_with_media(
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
        2a offers o in g for 1
          2a ok
          1a < renegotiate g offer "o" #4
        1a offers too-early in g for 0
          1a no: conflict
        3a joins g
          3a ok in it: 1 2 3, sfu
          db group 1 joined 3
          1a < joined g 3 audio #5
          2a < joined g 3 audio #5
          1a < room g: 1 2 3, sfu
          2a < room g: 1 2 3, sfu
        1a offers o1 in g for 0
          1a ok
          media offer g 1.1 "o1"
          media switches g 1.1 audio
        2a offers o2 in g for 0
          2a ok
          media offer g 2.2 "o2"
          media switches g 2.2 audio
        3a offers o3 in g for 0
          3a ok
          media offer g 3.3 "o3"
          media switches g 3.3 audio
        media answers g 1.1 a1
          1a < renegotiate g answer "a1" #6
        media answers g 2.2 a2
          2a < renegotiate g answer "a2" #7
        media answers g 3.3 a3
          3a < renegotiate g answer "a3" #8
        media has g 1.1
        media has g 2.2
        media has g 3.3
        media offers g 1.1 s1
          1a < renegotiate g offer "s1"
        1a answers b1 in g for 0
          1a ok
          media answer g 1.1 "b1"
        media shows g 1.1 3:2:audio 4:2:camera
          1a < streams g 3:2:audio 4:2:camera
        media hears g 2 3
          1a < speakers g 2 3
          2a < speakers g 2 3
          3a < speakers g 2 3
        2a answers p in g for 1
          2a ok
          1a < renegotiate g answer "p" #9
        1a tries x in g for 0
          1a ok
        3a leaves g
          3a ok
          media leave g 3.3
          db group 1 left 3
          1a < left g 3 #10
          2a < left g 3 #10
        wait 9s
        wait 1s
          1a < room g: 1 2
          2a < room g: 1 2
        2a offers back in g for 1
          2a ok
          1a < renegotiate g offer "back" #11
        1a offers too-late in g for 0
          1a no: conflict
        media loses g 1.1
        wait 30s
          media leave g 2.2
        "#,
    );
}

#[test]
fn a_room_that_fills_again_in_time_does_not_move() {
    check_with_media(
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
          3a ok in it: 1 2 3, sfu
          db group 1 joined 3
          1a < joined g 3 audio #4
          2a < joined g 3 audio #4
          1a < room g: 1 2 3, sfu
          2a < room g: 1 2 3, sfu
        1a offers o1 in g for 0
          1a ok
          media offer g 1.1 "o1"
          media switches g 1.1 audio
        3a leaves g
          3a ok
          db group 1 left 3
          1a < left g 3 #5
          2a < left g 3 #5
        wait 9s
        3a joins g
          3a ok in it: 1 2 3, sfu
          db group 1 joined 3
          1a < joined g 3 audio #6
          2a < joined g 3 audio #6
        wait 20s
        3a leaves g
          3a ok
          db group 1 left 3
          1a < left g 3 #7
          2a < left g 3 #7
        wait 10s
          1a < room g: 1 2
          2a < room g: 1 2
        3a joins g
          3a ok in it: 1 2 3, sfu
          db group 1 joined 3
          1a < joined g 3 audio #8
          2a < joined g 3 audio #8
          1a < room g: 1 2 3, sfu
          2a < room g: 1 2 3, sfu
        wait 60s
        "#,
    );
}

#[test]
fn an_open_room_moves_when_a_fifth_comes() {
    check_with_media(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        3a registers
          3a ok
        4a registers
          4a ok
        5a registers
          5a ok
        1a joins room opening
          1a ok in it: 1
        2a joins room
          2a ok in it: 1 2
          1a < joined room 2 audio #1
        3a joins room
          3a ok in it: 1 2 3
          1a < joined room 3 audio #2
          2a < joined room 3 audio #2
        4a joins room
          4a ok in it: 1 2 3 4
          1a < joined room 4 audio #3
          2a < joined room 4 audio #3
          3a < joined room 4 audio #3
        5a joins room
          5a ok in it: 1 2 3 4 5, sfu
          1a < joined room 5 audio #4
          2a < joined room 5 audio #4
          3a < joined room 5 audio #4
          4a < joined room 5 audio #4
          1a < room room: 1 2 3 4 5, sfu
          2a < room room: 1 2 3 4 5, sfu
          3a < room room: 1 2 3 4 5, sfu
          4a < room room: 1 2 3 4 5, sfu
        5a leaves room
          5a ok
          1a < left room 5 #5
          2a < left room 5 #5
          3a < left room 5 #5
          4a < left room 5 #5
        wait 10s
          1a < room room: 1 2 3 4
          2a < room room: 1 2 3 4
          3a < room room: 1 2 3 4
          4a < room room: 1 2 3 4
        "#,
    );
}

#[test]
fn whoever_comes_with_an_offer_brings_the_room_to_the_media_server() {
    check_with_media(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        3a registers
          3a ok
        1a joins room opening offering o1
          1a ok in it: 1, sfu
          media offer room 1.1 "o1"
          media switches room 1.1 audio
        media answers room 1.1 a1
          1a < answer room "a1" #1
        2a joins room
          2a ok in it: 1 2, sfu
          1a < joined room 2 audio #2
        1a leaves room
          1a ok
          media leave room 1.1
          2a < left room 1, host 2 #3
        wait 10s
          2a < room room: 2
        2a joins room offering o2
          2a ok in it: 2, sfu
          media offer room 2.2 "o2"
          media switches room 2.2 audio
        2a joins room offering o2
          2a ok in it: 2, sfu
        media answers room 2.2 a2
          2a < answer room "a2" #4
        "#,
    );
}

#[test]
fn without_a_media_server_an_offer_to_it_is_not_answered() {
    check(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        1a calls group 7 in g offering o1
          1a ok call 1, rings 1
          db group 1 ringing
          db group 1 joined 1
          push 2 ring
          2a < incoming g from Name 1 in Climbers #1
          push 3 ring
        2a joins g offering o2
          2a ok in it: 1 2
          db group 1 active
          db group 1 joined 2
          1a < joined g 2 audio #3
        2a offers o3 in g for 0
          2a no: unavailable
        2a tries x in g for 0
          2a no: unavailable
        2a subscribes g 1:720
          2a no: unavailable
        "#,
    );
}

#[test]
fn a_call_of_two_has_no_media_server() {
    check_with_media(
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
        1a offers o in r for 0
          1a no: unavailable
        1a tries x in r for 0
          1a no: unavailable
        1a subscribes r 2:720
          1a no: unavailable
        "#,
    );
}

#[test]
fn a_move_while_somebody_is_away_is_told_when_they_are_back() {
    check_with_media(
        r#"
        1a registers
          1a ok
        2a registers without-id
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
        2a drops
          1a < reconnecting g 2 #4
        3a joins g
          3a ok in it: 1 2 3, sfu
          db group 1 joined 3
          1a < joined g 3 audio #5
          1a < room g: 1 2 3, sfu
        2a registers without-id
          2a ok
          1a < reconnected g 2 #6
          3a < reconnected g 2 #6
          2a < joined g 3 audio #5
          2a < room g: 1 2 3, sfu
        3a drops
          1a < reconnecting g 3 #7
          2a < reconnecting g 3 #7
        3a registers
          3a ok
        3a resumes g
          3a ok in it: 1 2 3, sfu
          1a < reconnected g 3 #8
          2a < reconnected g 3 #8
        "#,
    );
}

#[test]
fn offers_between_people_go_on_in_a_room_of_the_media_server() {
    check_with_media(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        3a registers
          3a ok
        1a joins room opening offering o1
          1a ok in it: 1, sfu
          media offer room 1.1 "o1"
          media switches room 1.1 audio
        2a joins room offering o2
          2a ok in it: 1 2, sfu
          1a < joined room 2 audio #1
          media offer room 2.2 "o2"
          media switches room 2.2 audio
        1a offers p in room for 2
          1a ok
          2a < renegotiate room offer "p" #2
        2a answers q in room for 1
          2a ok
          1a < renegotiate room answer "q" #3
        2a tries x in room for 1
          2a ok
          1a < candidate room "x" of 2 #4
        1a tries y in room
          1a ok
          2a < candidate room "y" of 1 #5
        "#,
    );
}

#[test]
fn after_a_restart_a_group_of_three_is_with_the_media_server_and_clients_offer_again() {
    check_with_media(
        r#"
        1a registers
          1a ok
        2a registers
          2a ok
        3a registers
          3a ok
        restore 5 group 7 in g with 1 2 3
        1a resumes g
          1a ok in it: 1 2 3, sfu
        2a resumes g
          2a ok in it: 1 2 3, sfu
          1a < reconnected g 2 #1
          2a < reconnected g 1 #0
        1a offers o1 in g for 0
          1a ok
          media offer g 1.1 "o1"
          media switches g 1.1 audio video
        "#,
    );
}

#[test]
fn after_a_restart_a_group_of_two_speaks_straight() {
    check_with_media(
        r#"
        restore 5 group 7 in g with 1 2
          push 3 ring
        1a registers
          1a ok
        1a resumes g
          1a ok in it: 1 2
        1a offers o1 in g for 0
          1a no: conflict
        3a registers
          3a ok, rings: g
          3a < incoming g from User 1 in Climbers #1
        3a joins g
          3a ok in it: 1 2 3, sfu
          db group 5 joined 3
          1a < joined g 3 audio video #3
          1a < room g: 1 2 3, sfu
        "#,
    );
}
