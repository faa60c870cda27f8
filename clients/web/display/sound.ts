let audio: AudioContext | null = null

/** Tells whether sound can be heard, now and whenever that changes: browsers play nothing until somebody has touched the page. */
export const watchSound = (tell: (canSound: boolean) => void): (() => void) => {
  audio ??= new AudioContext()
  const context = audio
  const listen = () => tell(context.state === 'running')
  context.addEventListener('statechange', listen)
  listen()
  return () => context.removeEventListener('statechange', listen)
}

export const allowSound = async (): Promise<boolean> => {
  audio ??= new AudioContext()
  await audio.resume()
  return audio.state === 'running'
}

/** Two soft tones, the second lower. */
const chime = (): Promise<void> => {
  if (audio?.state !== 'running') return Promise.resolve()
  const context = audio
  const begin = context.currentTime
  for (const [frequency, at] of [
    [784, 0],
    [587, 0.35],
  ] as const) {
    const tone = context.createOscillator()
    const volume = context.createGain()
    tone.type = 'sine'
    tone.frequency.value = frequency
    volume.gain.setValueAtTime(0, begin + at)
    volume.gain.linearRampToValueAtTime(0.4, begin + at + 0.02)
    volume.gain.exponentialRampToValueAtTime(0.001, begin + at + 0.9)
    tone.connect(volume).connect(context.destination)
    tone.start(begin + at)
    tone.stop(begin + at + 1)
  }
  return new Promise((resolve) => setTimeout(resolve, 1_300))
}

const speak = (text: string, language: string): Promise<void> =>
  new Promise((resolve) => {
    if (!('speechSynthesis' in window)) return resolve()
    const words = new SpeechSynthesisUtterance(text)
    words.lang = language
    words.rate = 0.9
    words.onend = () => resolve()
    words.onerror = () => resolve()
    // A machine without voices never says that it is done.
    setTimeout(resolve, 8_000)
    speechSynthesis.speak(words)
  })

let line: Promise<void> = Promise.resolve()

/** One call after the other: chime, then the words in each language. Answers when this one was heard. */
export const announce = (texts: readonly { text: string; language: string }[]): Promise<void> => {
  line = line.then(async () => {
    await chime()
    for (const { text, language } of texts) await speak(text, language)
  })
  return line
}
