//! The user's own filters and ours in one chain: ffmpeg takes the last `-vf` only, so that one of the two would be lost
//! in silence, and with ours the constant rate.

use crate::ffmpeg::Options;

/// The user's words for the output, their filters taken out.
#[derive(Debug, Default)]
pub(super) struct OwnWords {
    /// Everything else, in order.
    pub(super) rest: Vec<String>,
    picture: Vec<String>,
    sound: Vec<String>,
    complex: Vec<String>,
}

impl OwnWords {
    pub(super) fn split(words: &[String]) -> Self {
        let mut own = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let list = match word.as_str() {
                "-vf" | "-filter:v" | "-filter:v:0" => &mut own.picture,
                "-af" | "-filter:a" => &mut own.sound,
                "-filter_complex" | "-lavfi" => &mut own.complex,
                _ => {
                    own.rest.push(word.clone());
                    continue;
                }
            };
            match words.next() {
                Some(filter) => list.push(filter.clone()),
                None => own.rest.push(word.clone()),
            }
        }
        own
    }

    /// Whether the user builds the picture with a graph of their own.
    pub(super) fn has_graph(&self) -> bool {
        self.complex.iter().any(|graph| !is_of_sound(graph))
    }

    /// Whether there is a graph of the user's at all.
    pub(super) fn has_any_graph(&self) -> bool {
        !self.complex.is_empty()
    }

    /// Whether the user maps our picture by hand.
    pub(super) fn maps_our_picture(&self) -> bool {
        self.maps().any(|map| OUR_PICTURE.iter().any(|ours| ours.trim_matches(['[', ']']) == map))
    }

    /// Whether the user's graphs or maps take our sound, stream number `first` and those after it: what they make of it
    /// is recorded then, and not the sound by itself.
    pub(super) fn takes_our_sound(&self, first: usize) -> bool {
        let is_ours = |name: &str| {
            let stream = name.strip_prefix("0:").unwrap_or_default();
            stream == "a" || stream.starts_with("a:") || stream.parse::<usize>().is_ok_and(|number| number >= first)
        };
        let in_graph = |graph: &String| graph.split(['[', ']']).skip(1).step_by(2).any(is_ours);
        self.complex.iter().any(in_graph) || self.maps().any(is_ours)
    }

    fn maps(&self) -> impl Iterator<Item = &str> {
        self.rest.windows(2).filter(|pair| pair[0] == "-map").map(|pair| pair[1].as_str())
    }

    /// `-vf` with `first`, the user's filters, `last`; nothing where there are none.
    pub(super) fn picture_chain(&self, first: &[String], last: &[String]) -> Option<String> {
        chain(first.iter().chain(&self.picture).chain(last))
    }

    /// The filters of a line of sound: ours first.
    pub(super) fn sound_chain(&self, first: &[&str]) -> String {
        let first: Vec<String> = first.iter().map(|filter| (*filter).to_owned()).collect();
        chain(first.iter().chain(&self.sound)).unwrap_or_default()
    }

    /// The user's graphs, our `first` filters laid before every use of our picture. Our own last filters are left out:
    /// who builds a graph makes the palette too.
    pub(super) fn graphs(&self, first: &[String]) -> Options {
        let mut options = Options::new();
        for graph in &self.complex {
            options.push("filter_complex", with_our_picture(graph, first));
        }
        options
    }

    /// Maps for what comes out of the user's graphs: an end without a name goes into the output by itself, one with a
    /// name must be named unless the user did.
    pub(super) fn graph_maps(&self) -> Vec<String> {
        if self.rest.iter().any(|word| word == "-map") {
            return Vec::new();
        }
        let last_label = |graph: &String| {
            let graph = graph.trim_end().trim_end_matches(';');
            graph.strip_suffix(']').and_then(|inside| inside.rsplit_once('[')).map(|(_, label)| format!("[{label}]"))
        };
        self.complex.iter().filter_map(last_label).collect()
    }
}

fn chain<'f>(filters: impl Iterator<Item = &'f String>) -> Option<String> {
    let filters: Vec<&str> = filters.map(String::as_str).filter(|filter| !filter.is_empty()).collect();
    (!filters.is_empty()).then(|| filters.join(","))
}

/// Whether a graph makes sound of sound: no picture is named in it, and it does not begin with a filter of pictures.
fn is_of_sound(graph: &str) -> bool {
    graph.trim_start().starts_with('[') && !graph.contains(":v") && !graph.contains("[0:0]")
}

/// Our picture's names in a graph.
const OUR_PICTURE: [&str; 3] = ["[0:v]", "[0:v:0]", "[0:0]"];

fn with_our_picture(graph: &str, first: &[String]) -> String {
    let Some(chain) = chain(first.iter()) else { return graph.to_owned() };
    let mut left = graph.to_owned();
    let mut uses = 0;
    // A stream may be used several times, a filter's end only once.
    while let Some((at, name)) = OUR_PICTURE.iter().filter_map(|name| Some((left.find(name)?, *name))).min() {
        left.replace_range(at..at + name.len(), &format!("[gearcast{uses}]"));
        uses += 1;
    }
    match uses {
        0 if graph.trim_start().starts_with('[') => left,
        0 => format!("[0:v]{chain},{left}"),
        1 => format!("[0:v]{chain}[gearcast0];{left}"),
        _ => {
            let ends: Vec<String> = (0..uses).map(|number| format!("[gearcast{number}]")).collect();
            format!("[0:v]{chain},split={uses}{};{left}", ends.concat())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(words: &[&str]) -> OwnWords {
        OwnWords::split(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn filters_become_one_chain_and_other_words_keep_their_order() {
        let own = own(&["-tune", "film", "-vf", "hflip", "-b:v", "1M", "-filter:v", "negate", "-af", "volume=2"]);
        assert_eq!(own.rest, ["-tune", "film", "-b:v", "1M"]);
        let (first, last) = (["fps=30".to_owned()], ["format=gray".to_owned()]);
        assert_eq!(own.picture_chain(&first, &last).unwrap(), "fps=30,hflip,negate,format=gray");
        assert_eq!(own.sound_chain(&["aresample", ""]), "aresample,volume=2");
        assert_eq!(OwnWords::default().picture_chain(&[], &[]), None);
        assert_eq!(super::OwnWords::split(&["-vf".to_owned()]).rest, ["-vf"]);
    }

    #[test]
    fn our_rate_stands_before_every_use_of_our_picture_in_a_graph() {
        let fps = ["fps=30".to_owned()];
        for (graph, expected) in [
            ("hflip", "[0:v]fps=30,hflip"),
            ("[0:v]hflip[o]", "[0:v]fps=30[gearcast0];[gearcast0]hflip[o]"),
            (
                "[0:0][1:v]overlay[a];[0:v:0]scale=9:9[b];[a][b]overlay",
                "[0:v]fps=30,split=2[gearcast0][gearcast1];[gearcast0][1:v]overlay[a];[gearcast1]scale=9:9[b];[a][b]overlay",
            ),
            ("[1:v]null", "[1:v]null"),
        ] {
            assert_eq!(with_our_picture(graph, &fps), expected);
            assert_eq!(with_our_picture(graph, &[]), graph);
        }
    }

    #[test]
    fn a_graph_of_sound_leaves_the_picture_alone() {
        let mix = own(&["-filter_complex", "[0:1][1:a]amix=inputs=2:duration=first[mix]", "-map", "[mix]"]);
        assert!(!mix.has_graph() && mix.takes_our_sound(1) && !mix.maps_our_picture());
        let music = own(&["-map", "0:v", "-filter_complex", "[1:a]volume=0.5[music]", "-map", "[music]"]);
        assert!(!music.has_graph() && !music.takes_our_sound(1) && music.maps_our_picture());
        assert!(own(&["-map", "0:a:0"]).takes_our_sound(1) && !own(&["-map", "0:0"]).takes_our_sound(1));
        assert!(own(&["-filter_complex", "[1:v]null[o]"]).has_graph());
    }

    #[test]
    fn a_named_end_is_mapped_unless_the_user_did() {
        assert_eq!(own(&["-filter_complex", "[0:v]hflip[out]"]).graph_maps(), ["[out]"]);
        assert!(own(&["-filter_complex", "[0:v]hflip"]).graph_maps().is_empty());
        assert!(own(&["-filter_complex", "[0:v]hflip[out]", "-map", "[out]"]).graph_maps().is_empty());
    }
}
