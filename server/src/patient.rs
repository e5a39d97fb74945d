//! A stream whose other end has to read. HTTP waits for ever for a client that takes no more of an answer; this gives up.
use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

/// A stream that breaks when what is to be written does not leave in time.
pub(crate) struct Patient<Io> {
    io: Io,
    patience: Duration,
    /// When it breaks: set when the other end stops reading, forgotten when all is out. A few bytes read now and then do
    /// not move it, or an answer could be dragged out for hours.
    due: Option<Pin<Box<Sleep>>>,
}

impl<Io> Patient<Io> {
    pub(crate) fn new(io: Io, patience: Duration) -> Self {
        Self { io, patience, due: None }
    }

    /// The stream itself.
    pub(crate) fn into_inner(self) -> Io {
        self.io
    }

    /// For a write that has to wait.
    fn poll_due<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        let patience = self.patience;
        let due = self.due.get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(due.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<Io: AsyncRead + Unpin> AsyncRead for Patient<Io> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl<Io: AsyncWrite + Unpin> AsyncWrite for Patient<Io> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.io).poll_write(cx, buf) {
            Poll::Pending => self.poll_due(cx),
            done => done,
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.io).poll_flush(cx) {
            Poll::Pending => self.poll_due(cx),
            done => {
                self.due = None;
                done
            }
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.io).poll_write_vectored(cx, slices) {
            Poll::Pending => self.poll_due(cx),
            done => done,
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    const PATIENCE: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_stops_or_dribbles_is_given_up() {
        for takes in [0, 1] {
            let (near, mut far) = duplex(1000);
            let mut near = Patient::new(near, PATIENCE);
            let reading = tokio::spawn(async move {
                let mut some = vec![0; takes];
                loop {
                    sleep(PATIENCE / 10).await;
                    if far.read_exact(&mut some).await.is_err() {
                        return;
                    }
                }
            });

            let outcome = near.write_all(&[7; 2000]).await;

            assert_eq!(outcome.unwrap_err().kind(), io::ErrorKind::TimedOut);
            reading.abort();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_pauses_between_answers_is_not() {
        let (near, mut far) = duplex(1000);
        let mut near = Patient::new(near, PATIENCE);
        let writing = tokio::spawn(async move {
            for _ in 0..3 {
                near.write_all(&[7; 2000]).await.unwrap();
                near.flush().await.unwrap();
            }
        });

        let mut answer = [0; 2000];
        for _ in 0..3 {
            sleep(PATIENCE * 9 / 10).await;
            far.read_exact(&mut answer).await.unwrap();
        }

        writing.await.unwrap();
    }
}
