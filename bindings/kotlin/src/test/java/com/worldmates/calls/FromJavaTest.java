package com.worldmates.calls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The library as Java sees it. */
final class FromJavaTest {
    private static final CallsConfig NOBODY =
            new CallsConfig(
                    "http://127.0.0.1:9", 7L, "desk", "java", null, false, null, java.util.List.of(), false,
                    MicrophoneKind.Silent.INSTANCE, CameraKind.None.INSTANCE);

    @Test
    void a_call_is_dialled_listened_to_and_closed() throws Exception {
        var threads = Executors.newSingleThreadExecutor();
        var proofs = CallsForJava.proofs(fresh -> CompletableFuture.completedFuture(Proof.Open.INSTANCE));
        var seen = new LinkedBlockingQueue<CallsSnapshot>();
        var java = new CallsForJava(Calls.connect(NOBODY, proofs), threads);
        java.onSnapshots(seen::add);
        assertEquals(ServerLink.DOWN, seen.poll(30, TimeUnit.SECONDS).getServer());

        Call call = java.dial(8, CallType.AUDIO).get(30, TimeUnit.SECONDS);

        CallSnapshot dialing = seen.poll(30, TimeUnit.SECONDS).getCalls().get(0);
        assertEquals(call.getId(), dialing.getId());
        assertInstanceOf(CallState.Dialing.class, dialing.getState());
        assertEquals("The call is over.", EndReasonsKt.sentence(EndReason.WE_HUNG_UP, Language.EN));
        java.getCalls().close();
        var closed = assertThrows(ExecutionException.class, () -> java.check(Language.EN).get(30, TimeUnit.SECONDS));
        assertInstanceOf(CallsException.Closed.class, closed.getCause());
        java.close();
        threads.shutdown();
    }

    @Test
    void a_config_that_makes_no_sense_is_a_typed_exception() {
        Executor here = Runnable::run;
        var proofs = CallsForJava.proofs(fresh -> CompletableFuture.completedFuture(null));
        var bad = NOBODY.copy(
                "nowhere", 7L, "desk", "java", null, false, null, java.util.List.of(), false,
                MicrophoneKind.Silent.INSTANCE, CameraKind.None.INSTANCE);

        assertThrows(CallsException.BadServer.class, () -> new CallsForJava(Calls.connect(bad, proofs), here));
    }
}
