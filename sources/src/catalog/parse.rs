//! Reads YAML, and with it JSON, into values that know their place. Everything is bounded while it is read: nesting, the
//! number of values, and what aliases spread out to.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use saphyr::Scalar;
use saphyr_parser::{Event, Parser, ScanError, Span};
use serde_json::Value;

use super::{
    Limits, json,
    node::{Data, Node, Place},
    size::Size,
};

/// Why a text cannot be read, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) place: Place,
    pub(super) message: String,
}

struct Frame {
    place: Place,
    anchor: usize,
    /// What it holds, with itself.
    size: Size,
    data: FrameData,
}

enum FrameData {
    List(Vec<Node>),
    Object { fields: Vec<(String, Node)>, known: HashSet<String>, key: Option<String> },
}

struct Builder<'a> {
    limits: &'a Limits,
    line_offset: u32,
    frames: Vec<Frame>,
    anchors: HashMap<usize, (Node, Size)>,
    /// The document that is being read. The items of a list at the very top are documents of their own.
    document: Size,
    /// What aliases stand for, in the whole text.
    spread: Size,
    root: Option<Node>,
}

/// Reads one document, whose first line is the file's line `line_offset + 1`; none when there is nothing but white space and
/// comments.
pub(super) fn parse(text: &str, line_offset: u32, limits: &Limits) -> Result<Option<Node>, Fault> {
    let mut builder = Builder {
        limits,
        line_offset,
        frames: Vec::new(),
        anchors: HashMap::new(),
        document: Size::default(),
        spread: Size::default(),
        root: None,
    };
    for event in Parser::new_from_str(&json::join_pairs(text)) {
        let (event, span) = event.map_err(|error| builder.scan_fault(&error))?;
        builder.take(event, &span)?;
    }
    Ok(builder.root.filter(|node| !matches!(node.data, Data::Scalar(Value::Null))))
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, span: &Span) -> Result<(), Fault> {
        let place = self.place(span.start.line(), span.start.col());
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                if text.contains('\0') {
                    return Err(fault(place, "a text holds a NUL character, which cannot be stored"));
                }
                let size = Size::of_value(text.len());
                self.count(size, place)?;
                let value = Scalar::parse_from_cow_and_metadata(Cow::Borrowed(&text), style, tag.as_ref());
                let value = value.ok_or_else(|| fault(place, "this value does not fit its tag"))?;
                let is_key =
                    matches!(self.frames.last(), Some(Frame { data: FrameData::Object { key: None, .. }, .. }));
                let data = if is_key { Value::String(text.into_owned()) } else { scalar(value, place)? };
                self.put(Node { place, data: Data::Scalar(data) }, anchor, size)
            }
            Event::SequenceStart(anchor, _) => self.open(place, anchor, FrameData::List(Vec::new())),
            Event::MappingStart(anchor, _) => {
                self.open(place, anchor, FrameData::Object { fields: Vec::new(), known: HashSet::new(), key: None })
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(place),
            Event::Alias(anchor) => {
                let no_anchor = || fault(place, "this alias has no anchor");
                let size = self.anchors.get(&anchor).map(|(_, size)| *size).ok_or_else(no_anchor)?;
                // Counted before it is copied: the copy is what must not grow.
                self.spread.add(size);
                self.spread.check(self.limits).map_err(|message| fault(place, message))?;
                self.count(size, place)?;
                let node = self.anchors.get(&anchor).map(|(node, _)| node.clone()).ok_or_else(no_anchor)?;
                self.put(node, 0, size)
            }
            Event::DocumentStart(_) if self.root.is_some() => {
                Err(fault(place, "a second document begins here without `---`"))
            }
            _ => Ok(()),
        }
    }

    fn open(&mut self, place: Place, anchor: usize, data: FrameData) -> Result<(), Fault> {
        if self.frames.len() >= self.limits.nesting_max {
            return Err(fault(
                place,
                format!("lists and objects are nested more than {} deep", self.limits.nesting_max),
            ));
        }
        let size = Size::of_value(0);
        self.count(size, place)?;
        self.frames.push(Frame { place, anchor, size, data });
        Ok(())
    }

    fn close(&mut self, place: Place) -> Result<(), Fault> {
        let frame = self.frames.pop().ok_or_else(|| fault(place, "a list or object ends that did not begin"))?;
        let data = match frame.data {
            FrameData::List(items) => Data::List(items),
            FrameData::Object { fields, .. } => Data::Object(fields),
        };
        self.put(Node { place: frame.place, data }, frame.anchor, frame.size)
    }

    fn count(&mut self, size: Size, place: Place) -> Result<(), Fault> {
        self.document.add(size);
        self.document.check(self.limits).map_err(|message| fault(place, message))
    }

    /// Puts a finished value, which holds this much, where it belongs.
    fn put(&mut self, node: Node, anchor: usize, size: Size) -> Result<(), Fault> {
        if anchor > 0 {
            self.anchors.insert(anchor, (node.clone(), size));
        }
        let is_top = self.frames.len() == 1;
        let Some(frame) = self.frames.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        frame.size.add(size);
        match &mut frame.data {
            FrameData::List(items) => {
                if is_top && items.len() >= self.limits.documents_per_file_max {
                    let message = format!("the list holds more than {} documents", self.limits.documents_per_file_max);
                    return Err(fault(node.place, message));
                }
                items.push(node);
                if is_top {
                    self.document = Size::default();
                }
            }
            FrameData::Object { fields, known, key } => match key.take() {
                Some(name) => fields.push((name, node)),
                None => {
                    let place = node.place;
                    let Data::Scalar(Value::String(name)) = node.data else {
                        return Err(fault(place, "a key must be a text"));
                    };
                    if !known.insert(name.clone()) {
                        return Err(fault(place, format!("the key `{name}` stands here twice")));
                    }
                    *key = Some(name);
                }
            },
        }
        Ok(())
    }

    fn scan_fault(&self, error: &ScanError) -> Fault {
        fault(self.place(error.marker().line(), error.marker().col()), error.info())
    }

    fn place(&self, line: usize, column: usize) -> Place {
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Place { line: self.line_offset.saturating_add(number(line.max(1))), column: number(column).saturating_add(1) }
    }
}

fn fault(place: Place, message: impl Into<String>) -> Fault {
    Fault { place, message: message.into() }
}

fn scalar(scalar: Scalar<'_>, place: Place) -> Result<Value, Fault> {
    Ok(match scalar {
        Scalar::Null => Value::Null,
        Scalar::Boolean(value) => Value::Bool(value),
        Scalar::Integer(value) => value.into(),
        Scalar::FloatingPoint(value) => serde_json::Number::from_f64(value.into_inner())
            .map(Value::Number)
            .ok_or_else(|| fault(place, "infinite numbers and NaN have no place in a catalog"))?,
        Scalar::String(text) => Value::String(text.into_owned()),
    })
}
