/**
 * In each page of the benchmark `board`: when a key was pressed, and when what it changed was painted, in milliseconds since
 * 1970; all pages are on one machine, with one clock.
 */
const painted = () =>
  new Promise((resolve) => {
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel()
      port1.onmessage = () => resolve(performance.timeOrigin + performance.now())
      port2.postMessage(null)
    })
  })

const when = (holds) =>
  new Promise((resolve) => {
    const look = () => {
      if (!holds()) return
      observer.disconnect()
      resolve(painted())
    }
    const observer = new MutationObserver(look)
    observer.observe(document, { childList: true, subtree: true, attributes: true, characterData: true })
    look()
  })

const stands = (ticket) => document.querySelector(`.column .waiting [data-ticket="${ticket}"]`) !== null

globalThis.bench = {
  /** From the beginning of the navigation until the first queue was painted. */
  started: when(() => document.querySelector('.column .waiting [data-ticket]') !== null).then(
    (at) => at - performance.timeOrigin,
  ),
  first: () => document.querySelector('.column .waiting [data-ticket]').dataset.ticket,
  watch: (ticket, isWaiting) => {
    bench.pressed = new Promise((resolve) => {
      const note = (event) => resolve(performance.timeOrigin + event.timeStamp)
      addEventListener('keydown', note, { capture: true, once: true })
    })
    bench.changed = when(() => stands(ticket) === isWaiting)
  },
}
