//! Codecs and containers by name, and which goes into which.

use std::fmt;

/// Declares an enum whose variants have one name each, used in profiles, on the command line and in reports.
macro_rules! named {
    ($(#[$meta:meta])* $type:ident { $($(#[$variant_meta:meta])* $variant:ident = $name:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $type { $($(#[$variant_meta])* $variant,)+ }

        impl $type {
            /// Every one of them, in the order a list shows them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name in profiles, on the command line and in reports.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The one with this name, in any case.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.name().eq_ignore_ascii_case(name.trim()))
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

named! {
    /// How pictures are encoded.
    VideoCodec {
        /// AVC; plays everywhere.
        H264 = "h264",
        /// H.265.
        Hevc = "hevc",
        /// The Alliance for Open Media's first.
        Av1 = "av1",
        /// VP9.
        Vp9 = "vp9",
        /// VP8.
        Vp8 = "vp8",
        /// MPEG-4 part 2.
        Mpeg4 = "mpeg4",
        /// Motion JPEG.
        Mjpeg = "mjpeg",
        /// Apple `ProRes`.
        Prores = "prores",
        /// Lossless, archival.
        Ffv1 = "ffv1",
        /// Lossless, fast.
        Utvideo = "utvideo",
        /// Lossless, old.
        Huffyuv = "huffyuv",
        /// 256 colours a picture.
        Gif = "gif",
        /// Pictures one by one: lossless.
        Png = "png",
        /// The same, uncompressed.
        Bmp = "bmp",
        /// The same, for print.
        Tiff = "tiff",
        /// The same, small.
        Webp = "webp",
        /// Not encoded at all: what a virtual camera takes.
        Raw = "rawvideo",
    }
}

named! {
    /// How sound is encoded.
    AudioCodec {
        /// MPEG-4 AAC; plays everywhere.
        Aac = "aac",
        /// Opus.
        Opus = "opus",
        /// Lossless.
        Flac = "flac",
        /// MPEG layer 3.
        Mp3 = "mp3",
        /// Uncompressed, 16 bits.
        Pcm = "pcm",
        /// Vorbis.
        Vorbis = "vorbis",
    }
}

named! {
    /// The file's form. The name is the file's extension too.
    Container {
        /// MPEG-4; plays everywhere.
        Mp4 = "mp4",
        /// Matroska; holds anything.
        Mkv = "mkv",
        /// `WebM`.
        Webm = "webm",
        /// `QuickTime`.
        Mov = "mov",
        /// AVI.
        Avi = "avi",
        /// MPEG transport stream.
        Ts = "ts",
        /// Flash video.
        Flv = "flv",
        /// A moving picture of 256 colours, without sound.
        Gif = "gif",
        /// One PNG a picture.
        Png = "png",
        /// One JPEG a picture.
        Jpg = "jpg",
        /// One BMP a picture.
        Bmp = "bmp",
        /// One TIFF a picture.
        Tiff = "tiff",
        /// One `WebP` a picture.
        Webp = "webp",
        /// HTTP Live Streaming: a playlist and its pieces.
        M3u8 = "m3u8",
        /// MPEG-DASH: a manifest and its pieces.
        Mpd = "mpd",
        /// MPEG-4 with sound alone; plays everywhere.
        M4a = "m4a",
        /// Ogg with sound alone.
        Ogg = "ogg",
        /// Ogg with Opus in it, which has an extension of its own.
        Opus = "opus",
        /// FLAC's own form: lossless.
        Flac = "flac",
        /// Uncompressed sound; from 4 GiB on as RF64.
        Wav = "wav",
        /// MPEG layer 3 by itself.
        Mp3 = "mp3",
        /// Matroska with sound alone; holds any codec.
        Mka = "mka",
    }
}

named! {
    /// How many channels a track of sound has.
    Channels {
        /// Left and right.
        Stereo = "stereo",
        /// One.
        Mono = "mono",
    }
}

impl Channels {
    /// As a number.
    pub const fn count(self) -> u16 {
        match self {
            Self::Stereo => 2,
            Self::Mono => 1,
        }
    }
}

/// How many tracks of sound a container holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SoundTracks {
    /// As many as one likes.
    #[default]
    Several,
    /// One.
    One,
}

impl Container {
    /// The container that a file's extension names.
    pub fn from_path(path: &std::path::Path) -> Option<Self> {
        path.extension().and_then(|extension| extension.to_str()).and_then(Self::from_extension)
    }

    /// The same for the extension alone, other spellings included.
    pub fn from_extension(extension: &str) -> Option<Self> {
        let other = match extension.trim().to_ascii_lowercase().as_str() {
            "jpeg" => Some(Self::Jpg),
            "tif" => Some(Self::Tiff),
            "m2ts" | "mts" => Some(Self::Ts),
            "oga" => Some(Self::Ogg),
            "wave" => Some(Self::Wav),
            _ => None,
        };
        other.or_else(|| Self::from_name(extension))
    }

    /// Whether each picture is a file of its own.
    pub const fn is_images(self) -> bool {
        matches!(self, Self::Png | Self::Jpg | Self::Bmp | Self::Tiff | Self::Webp)
    }

    /// Whether it is a list of pieces beside it.
    pub const fn is_playlist(self) -> bool {
        matches!(self, Self::M3u8 | Self::Mpd)
    }

    /// Whether it can be made of encoded packets; the encoder writes all others itself.
    pub const fn is_of_packets(self) -> bool {
        !(self.is_images() || self.is_playlist() || matches!(self, Self::Gif))
    }

    /// Whether it can hold a track of subtitles.
    pub const fn holds_subtitles(self) -> bool {
        matches!(self, Self::Mp4 | Self::Mov | Self::Mkv | Self::Webm)
    }

    /// Whether it holds sound and no picture.
    pub const fn is_sound_only(self) -> bool {
        matches!(self, Self::M4a | Self::Ogg | Self::Opus | Self::Flac | Self::Wav | Self::Mp3 | Self::Mka)
    }

    /// How many tracks of sound it holds.
    pub const fn sound_tracks(self) -> SoundTracks {
        match self {
            Self::Flac | Self::Wav | Self::Mp3 | Self::Flv => SoundTracks::One,
            _ => SoundTracks::Several,
        }
    }

    /// Whether it can hold sound.
    pub const fn has_sound(self) -> bool {
        !(self.is_images() || matches!(self, Self::Gif))
    }

    /// ffmpeg's muxer for the finished file.
    pub const fn muxer(self) -> &'static str {
        match self {
            Self::Mp4 => "mp4",
            Self::Mkv | Self::Mka => "matroska",
            Self::Webm => "webm",
            Self::Mov => "mov",
            Self::Avi => "avi",
            Self::Ts => "mpegts",
            Self::Flv => "flv",
            Self::Gif => "gif",
            Self::Png | Self::Jpg | Self::Bmp | Self::Tiff | Self::Webp => "image2",
            Self::M3u8 => "hls",
            Self::Mpd => "dash",
            // Apple's players know sound alone by this brand of MPEG-4.
            Self::M4a => "ipod",
            Self::Ogg => "ogg",
            Self::Opus => "opus",
            Self::Flac => "flac",
            Self::Wav => "wav",
            Self::Mp3 => "mp3",
        }
    }

    /// Whether common players accept this codec in this container (ffmpeg's muxers accept a little more).
    pub fn holds_video(self, codec: VideoCodec) -> bool {
        use VideoCodec as V;
        match self {
            Self::Mkv => !matches!(codec, V::Gif | V::Png | V::Bmp | V::Tiff | V::Webp | V::Raw),
            Self::Mp4 => matches!(codec, V::H264 | V::Hevc | V::Av1 | V::Vp9 | V::Mpeg4),
            Self::Webm => matches!(codec, V::Vp8 | V::Vp9 | V::Av1),
            Self::Mov => matches!(codec, V::H264 | V::Hevc | V::Mpeg4 | V::Mjpeg | V::Prores),
            Self::Avi => matches!(codec, V::H264 | V::Mpeg4 | V::Mjpeg | V::Ffv1 | V::Utvideo | V::Huffyuv),
            Self::Ts | Self::M3u8 => matches!(codec, V::H264 | V::Hevc),
            Self::Flv => codec == V::H264,
            Self::Mpd => matches!(codec, V::H264 | V::Hevc | V::Av1 | V::Vp9),
            Self::Gif => codec == V::Gif,
            Self::Png => codec == V::Png,
            Self::Jpg => codec == V::Mjpeg,
            Self::Bmp => codec == V::Bmp,
            Self::Tiff => codec == V::Tiff,
            Self::Webp => codec == V::Webp,
            Self::M4a | Self::Ogg | Self::Opus | Self::Flac | Self::Wav | Self::Mp3 | Self::Mka => false,
        }
    }

    /// The same for sound.
    pub fn holds_audio(self, codec: AudioCodec) -> bool {
        use AudioCodec as A;
        match self {
            Self::Mkv | Self::Mka => true,
            // FLAC would be allowed, but ffmpeg 5.1 calls that experimental and loses its last block (up to 96 ms).
            Self::Mp4 => matches!(codec, A::Aac | A::Opus | A::Mp3),
            Self::Webm => matches!(codec, A::Opus | A::Vorbis),
            Self::Mov => matches!(codec, A::Aac | A::Mp3 | A::Pcm),
            Self::Avi => matches!(codec, A::Aac | A::Mp3 | A::Pcm),
            Self::Ts | Self::M3u8 | Self::Flv => matches!(codec, A::Aac | A::Mp3),
            Self::Mpd => matches!(codec, A::Aac | A::Opus),
            Self::M4a => codec == A::Aac,
            // FLAC in Ogg is known to few players.
            Self::Ogg => matches!(codec, A::Opus | A::Vorbis),
            Self::Opus => codec == A::Opus,
            Self::Flac => codec == A::Flac,
            Self::Wav => codec == A::Pcm,
            Self::Mp3 => codec == A::Mp3,
            Self::Gif | Self::Png | Self::Jpg | Self::Bmp | Self::Tiff | Self::Webp => false,
        }
    }

    /// What a recording into this container gets when the profile's codec does not fit or says `auto`.
    pub const fn default_codecs(self) -> (VideoCodec, AudioCodec) {
        match self {
            Self::Mp4
            | Self::Mkv
            | Self::Mov
            | Self::Ts
            | Self::Flv
            | Self::M3u8
            | Self::Mpd
            | Self::M4a
            | Self::Mka => (VideoCodec::H264, AudioCodec::Aac),
            // Nobody asks those of sound alone for pictures.
            Self::Ogg | Self::Opus => (VideoCodec::H264, AudioCodec::Opus),
            Self::Flac => (VideoCodec::H264, AudioCodec::Flac),
            Self::Wav => (VideoCodec::H264, AudioCodec::Pcm),
            Self::Webm => (VideoCodec::Vp9, AudioCodec::Opus),
            Self::Avi | Self::Mp3 => (VideoCodec::H264, AudioCodec::Mp3),
            Self::Gif => (VideoCodec::Gif, AudioCodec::Aac),
            Self::Png => (VideoCodec::Png, AudioCodec::Aac),
            Self::Jpg => (VideoCodec::Mjpeg, AudioCodec::Aac),
            Self::Bmp => (VideoCodec::Bmp, AudioCodec::Aac),
            Self::Tiff => (VideoCodec::Tiff, AudioCodec::Aac),
            Self::Webp => (VideoCodec::Webp, AudioCodec::Aac),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for codec in VideoCodec::ALL {
            assert_eq!(VideoCodec::from_name(codec.name()), Some(*codec));
        }
        assert_eq!(Container::from_path(std::path::Path::new("a/b.c/Take 1.MP4")), Some(Container::Mp4));
        assert_eq!(Container::from_path(std::path::Path::new("mp4")), None);
    }

    #[test]
    fn every_container_holds_its_own_defaults() {
        for container in Container::ALL {
            let (video, audio) = container.default_codecs();
            assert_eq!(container.holds_video(video), !container.is_sound_only(), "{container}");
            assert_eq!(container.holds_audio(audio), container.has_sound(), "{container}");
        }
    }
}
