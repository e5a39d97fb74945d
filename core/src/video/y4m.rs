//! Pictures from a Y4M file, again and again.
use super::{Frame, LONGEST_SIDE, Source};
use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
    path::Path,
    time::Duration,
};

/// Shows what is in a Y4M file, at its own pace, again and again.
pub struct Y4mFile {
    file: BufReader<File>,
    header: Header,
    /// Where the first picture begins.
    begin: u64,
    /// The picture that was read last, with its number.
    last: Option<(u64, Frame)>,
    shown: Option<u64>,
    count: u64,
}

/// A file cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum Y4mError {
    /// It cannot be read.
    #[error("the picture file cannot be read")]
    Read(#[from] io::Error),
    /// It begins otherwise.
    #[error("the picture file is no Y4M")]
    NoY4m,
    /// Its pictures are of a kind that is not shown here.
    #[error("the picture file has to be 4:2:0 with 8 bits and sides up to {LONGEST_SIDE}, not {0}")]
    Kind(String),
    /// There is no whole picture in it.
    #[error("the picture file is empty")]
    Empty,
}

/// No header is as long: enough for every parameter that there is.
const LONGEST_LINE: u64 = 256;
/// Before each picture.
const MARK: &[u8] = b"FRAME\n";

#[derive(Debug, Clone, Copy)]
struct Header {
    width: u32,
    height: u32,
    /// Pictures in so many seconds.
    rate: (u32, u32),
}

impl Y4mFile {
    /// Opens a file. It is read picture by picture, however long it is.
    pub fn open(path: &Path) -> Result<Self, Y4mError> {
        let mut file = BufReader::new(File::open(path)?);
        let mut line = Vec::new();
        (&mut file).take(LONGEST_LINE).read_until(b'\n', &mut line)?;
        let header = Header::read(&line)?;
        let begin = line.len() as u64;
        let whole = file.get_ref().metadata()?.len().saturating_sub(begin);
        let count = whole / header.stride();
        if count == 0 {
            return Err(Y4mError::Empty);
        }
        let mut source = Self { file, header, begin, last: None, shown: None, count };
        source.read(0)?;
        Ok(source)
    }

    fn read(&mut self, number: u64) -> Result<(), Y4mError> {
        let place = self.begin + (number % self.count) * self.header.stride();
        self.file.seek(SeekFrom::Start(place))?;
        let mut mark = [0; MARK.len()];
        self.file.read_exact(&mut mark)?;
        if mark != MARK {
            return Err(Y4mError::Kind("pictures with parameters of their own".to_owned()));
        }
        let mut planes = vec![0; self.header.length() as usize];
        self.file.read_exact(&mut planes)?;
        let Header { width, height, .. } = self.header;
        let frame = Frame::new(width, height, planes).map_err(|bad| Y4mError::Kind(bad.to_string()))?;
        self.last = Some((number, frame));
        Ok(())
    }
}

impl Source for Y4mFile {
    fn next(&mut self, at: Duration) -> Option<Frame> {
        let (pictures, seconds) = self.header.rate;
        let number = (at.as_nanos() * u128::from(pictures) / u128::from(seconds) / 1_000_000_000) as u64;
        if self.shown == Some(number) {
            return None;
        }
        if self.last.as_ref().is_none_or(|(read, _)| *read != number)
            && let Err(error) = self.read(number)
        {
            tracing::warn!(%error, "a picture file changed under us");
            return None;
        }
        self.shown = Some(number);
        self.last.as_ref().map(|(_, frame)| frame.clone())
    }
}

impl Header {
    fn read(line: &[u8]) -> Result<Self, Y4mError> {
        let line = std::str::from_utf8(line).map_err(|_| Y4mError::NoY4m)?;
        let words = line.strip_prefix("YUV4MPEG2 ").and_then(|rest| rest.strip_suffix('\n'));
        let (mut width, mut height, mut rate) = (0, 0, (30, 1));
        for word in words.ok_or(Y4mError::NoY4m)?.split(' ') {
            let bad = || Y4mError::Kind(word.to_owned());
            let number = |text: &str| text.parse().map_err(|_| bad());
            match word.split_at_checked(1) {
                Some(("W", value)) => width = number(value)?,
                Some(("H", value)) => height = number(value)?,
                Some(("F", value)) => {
                    let (pictures, seconds) = value.split_once(':').ok_or_else(bad)?;
                    rate = (number(pictures)?, number(seconds)?);
                }
                Some(("C", kind)) if !["420", "420jpeg", "420mpeg2", "420paldv"].contains(&kind) => {
                    return Err(bad());
                }
                _ => {}
            }
        }
        let is_side = |side: u32| (1..=LONGEST_SIDE).contains(&side);
        if !is_side(width) || !is_side(height) || rate.0 == 0 || rate.1 == 0 {
            return Err(Y4mError::Kind(line.trim_end().to_owned()));
        }
        Ok(Self { width, height, rate })
    }

    /// Of a picture.
    fn length(&self) -> u64 {
        let half = u64::from(self.width.div_ceil(2)) * u64::from(self.height.div_ceil(2));
        u64::from(self.width) * u64::from(self.height) + 2 * half
    }

    /// From a picture to the next.
    fn stride(&self) -> u64 {
        self.length() + MARK.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn file(name: &str, content: &[u8]) -> PathBuf {
        let path = std::env::temp_dir().join(format!("calls-core-{name}-{}.y4m", std::process::id()));
        std::fs::write(&path, content).unwrap();
        path
    }

    #[test]
    fn a_file_is_shown_at_its_pace_and_begins_again_at_its_end() {
        let mut content = b"YUV4MPEG2 W4 H2 F10:1 C420jpeg\n".to_vec();
        for brightness in 1..=3 {
            content.extend_from_slice(MARK);
            content.extend([brightness; 12]);
        }
        let path = file("pace", &content);
        let mut source = Y4mFile::open(&path).unwrap();

        let shown: Vec<Option<u8>> =
            (0..10).map(|n| source.next(Duration::from_millis(50 * n)).map(|frame| frame.y()[0])).collect();

        let (one, two, three) = (Some(1), Some(2), Some(3));
        assert_eq!(shown, [one, None, two, None, three, None, one, None, two, None]);
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_file_that_cannot_be_shown_says_why() {
        for (content, is_right) in [
            (b"RIFF".as_slice(), (|e| matches!(e, Y4mError::NoY4m)) as fn(&Y4mError) -> bool),
            (b"YUV4MPEG2 W4 H2 C444\n", |e| matches!(e, Y4mError::Kind(kind) if kind == "C444")),
            (b"YUV4MPEG2 W4 H99999999\n", |e| matches!(e, Y4mError::Kind(_))),
            (b"YUV4MPEG2 W4 H2 F0:0\n", |e| matches!(e, Y4mError::Kind(_))),
            (b"YUV4MPEG2 W4 H2\nFRAME\n1234", |e| matches!(e, Y4mError::Empty)),
            (b"YUV4MPEG2 W4 H2\nFRAME I\n12345678901234567890", |e| matches!(e, Y4mError::Kind(_))),
        ] {
            let path = file("bad", content);
            let error = Y4mFile::open(&path).err().unwrap();
            assert!(is_right(&error), "{error:?}");
            std::fs::remove_file(path).unwrap();
        }
        assert!(matches!(Y4mFile::open(Path::new("nowhere.y4m")), Err(Y4mError::Read(_))));
    }
}
