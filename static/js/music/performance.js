// What a tune sounds like: every note with its time, from abcjs's reading of it (repeats played, chords accompanied).

const QUARTERS = 120; // quarter notes a minute where a tune does not say, as in the server's recordings

/**
 * {notes: [{pitch, start, length, loudness, at}], length}: times in seconds at the written tempo, `at` the note's place in
 * the text (UTF-16 units; null in an accompaniment). In the order of time. Null when nothing sounds.
 */
export function performed(tune) {
  const beat = tune.getBeatLength() || 0.25;
  const unsaid = QUARTERS / 4 / beat; // beats a minute of a tune that does not say
  const { tempo, tracks } = tune.setUpAudio({ defaultQpm: unsaid });
  const whole = 60 / (tempo || unsaid) / beat; // seconds of a whole note
  const notes = tracks
    .flatMap((track) => track.filter(({ cmd }) => cmd === "note"))
    .map(({ pitch, start, duration, gap, volume, startChar }) => ({
      pitch,
      start: start * whole,
      length: Math.max(0.03, (duration - (gap ?? 0)) * whole),
      loudness: (volume || 80) / 127,
      at: startChar ?? null,
    }));
  if (!notes.length) return null;
  notes.sort((one, other) => one.start - other.start);
  return { notes, length: Math.max(...notes.map(({ start, length }) => start + length)) };
}

/** When the notes between two places of the text sound for the first time, from the first to the last: [from, to], or null. */
export function spanOf({ notes, length }, start, end) {
  const written = notes.filter(({ at }) => at !== null);
  const first = written.findIndex(({ at }) => at >= start && at < end);
  if (first < 0) return null;
  let last = first;
  while (last + 1 < written.length && written[last + 1].at >= start && written[last + 1].at < end) last += 1;
  const next = written[last + 1];
  return [written[first].start, next ? Math.max(next.start, written[last].start) : length];
}
