"""Calls between real browsers: the sound is counted in packets on both sides."""

from phone import NUMBERS, connect


def test_call_is_answered_heard_and_ended(open_phone, screenshots):
    alice, bob = open_phone("alice"), open_phone("bob")
    assert NUMBERS["alice"] in alice.text("own") and NUMBERS["bob"] in bob.text("own")

    alice.press("dial-suggestion-bob")
    bob.until_shown("incoming-remote", "Alice")
    alice.until_shown("call-state", "Ringing")
    bob.answer()

    for phone, other in ((alice, "bob"), (bob, "alice")):
        phone.until_call(other, "active")
        phone.until_audio_flows()
        phone.until_shown("call-state", "Connected")
        phone.until_shown("call-timer", "00:0")
    alice.page.screenshot(path=screenshots / "demo-alice.png")
    bob.page.screenshot(path=screenshots / "demo-bob.png")

    bob.press("call-hangup")
    for phone in (alice, bob):
        phone.until_ended("normal")
        phone.until_shown("notice", "The call has ended.")
        assert phone.page.get_by_test_id("call").count() == 0
        assert phone.page.evaluate("demo.stats()")["connections"] == 0


def test_muted_microphone_sends_silence_and_the_call_goes_on(open_phone):
    alice, bob = open_phone("alice"), open_phone("bob")
    connect(alice, bob, "alice", "bob")
    alice.press("call-mute")
    alice.until_shown("call-state", "you are muted")
    alice.until_audio_flows()
    alice.press("call-mute")
    alice.until("!demo.state.calls[0].isMuted")


def test_hold_and_retrieve(open_phone):
    alice, bob = open_phone("alice"), open_phone("bob")
    connect(alice, bob, "alice", "bob")

    alice.press("call-hold")
    alice.until_call("bob", "held")
    bob.until_call("alice", "holding")
    bob.until_shown("call-state", "On hold by the other side")
    alice.until_audio_pauses()
    bob.until_audio_pauses()

    # Both on hold: each sees its own, and one retrieve is not enough.
    bob.press("call-hold")
    bob.until_call("alice", "held")
    alice.press("call-retrieve")
    alice.until_call("bob", "holding")
    bob.press("call-retrieve")

    for phone, other in ((alice, "bob"), (bob, "alice")):
        phone.until_call(other, "active")
        phone.until_audio_flows()


def test_attended_transfer_connects_the_other_two(open_phone):
    alice, bob, carol = open_phone("alice"), open_phone("bob"), open_phone("carol")
    connect(alice, bob, "alice", "bob")

    alice.dial("carol")
    bob.until_call("alice", "holding")
    carol.answer()
    alice.until_call("carol", "active")
    carol.until_audio_flows()

    alice.press_in_call("carol", "call-transfer")
    alice.press_in_call("carol", "transfer-attended")
    alice.until_ended("transferred")
    assert [call["reason"] for call in alice.state["ended"]] == ["transferred", "transferred"]
    for phone, other in ((bob, "carol"), (carol, "bob")):
        phone.until_call(other, "active")
        phone.until_shown("call-remote", other.capitalize())
        phone.until_audio_flows()

    carol.press("call-hangup")
    bob.until_ended("normal")
    carol.until_ended("normal")


def test_blind_transfer_rings_the_new_party(open_phone):
    alice, bob, carol = open_phone("alice"), open_phone("bob"), open_phone("carol")
    connect(alice, bob, "alice", "bob")

    alice.press("call-transfer")
    alice.press("transfer-suggestion-carol")
    carol.until_shown("incoming-remote", "Bob")
    alice.until_ended("transferred")
    carol.answer()
    for phone, other in ((bob, "carol"), (carol, "bob")):
        phone.until_call(other, "active")
        phone.until_audio_flows()

    bob.press("call-hangup")
    carol.until_ended("normal")


def test_caller_reloads_the_page_in_a_call(open_phone):
    reload_in_call(open_phone("alice"), open_phone("bob"), who="alice")


def test_callee_reloads_the_page_in_a_call(open_phone):
    reload_in_call(open_phone("alice"), open_phone("bob"), who="bob")


def test_both_reload_at_once(open_phone):
    reload_in_call(open_phone("alice"), open_phone("bob"), who="alice bob")


def reload_in_call(alice, bob, who):
    connect(alice, bob, "alice", "bob")
    alice.press("call-mute")
    since = {name: phone.state["calls"][0]["activeSince"] for name, phone in (("alice", alice), ("bob", bob))}
    if "alice" in who:
        alice.page.reload(wait_until="commit")
    if "bob" in who:
        bob.page.reload(wait_until="commit")
    for phone, name, other in ((alice, "alice", "bob"), (bob, "bob", "alice")):
        phone.until("window.demo?.state.registration === 'registered'")
        phone.until_call(other, "active")
        assert phone.state["calls"][0]["activeSince"] == since[name], "the clock goes on"
    alice.until_audio_flows()
    bob.until_audio_flows()
    assert alice.state["calls"][0]["isMuted"]

    alice.press("call-hangup")
    bob.until_ended("normal")
    alice.until_ended("normal")


def test_callee_reloads_while_it_rings(open_phone):
    alice, bob = open_phone("alice"), open_phone("bob")
    alice.dial("bob")
    bob.until_shown("incoming")
    alice.until_call("bob", "ringing")
    bob.page.reload()
    bob.until_shown("incoming-remote", "Alice")
    bob.answer()
    for phone, other in ((alice, "bob"), (bob, "alice")):
        phone.until_call(other, "active")
        phone.until_audio_flows()


def test_caller_reloads_while_it_rings(open_phone):
    alice, bob = open_phone("alice"), open_phone("bob")
    alice.dial("bob")
    bob.until_shown("incoming")
    alice.until_call("bob", "ringing")
    alice.page.reload()
    alice.until_call("bob", "ringing")
    alice.until("demo.state.calls[0].direction === 'outgoing'")
    bob.answer()
    for phone, other in ((alice, "bob"), (bob, "alice")):
        phone.until_call(other, "active")
        phone.until_audio_flows()


def test_held_call_is_still_held_after_a_reload(open_phone):
    alice, bob = open_phone("alice"), open_phone("bob")
    connect(alice, bob, "alice", "bob")
    alice.press("call-hold")
    bob.until_call("alice", "holding")
    alice.page.reload()
    alice.until_call("bob", "held")
    alice.press("call-retrieve")
    for phone, other in ((alice, "bob"), (bob, "alice")):
        phone.until_call(other, "active")
        phone.until_audio_flows()


def test_reject_shows_at_the_caller(open_phone):
    alice, bob = open_phone("alice"), open_phone("bob")
    alice.dial("bob")
    bob.press("incoming-reject")
    alice.until_ended("rejected")
    alice.until_shown("error", "The call was declined.")
    bob.until_ended("rejected")


def test_caller_gives_up_before_the_answer(open_phone):
    alice, bob = open_phone("alice"), open_phone("bob")
    alice.dial("bob")
    bob.until_shown("incoming")
    alice.press("call-hangup")
    alice.until_ended("cancelled")
    bob.until_ended("cancelled")
    assert bob.page.get_by_test_id("incoming").count() == 0


def test_unknown_number(open_phone):
    alice = open_phone("alice")
    alice.dial("4953638100000")
    alice.until_ended("notFound")
    alice.until_shown("error", "There is no such number.")


def test_known_number_that_is_not_logged_in(open_phone):
    alice = open_phone("alice")
    alice.dial("carol")
    alice.until_ended("unavailable")
    alice.until_shown("error", "can’t be reached")
