/**
 * npm runs its scripts through a shell that dies of a signal without handing it on. What is left behind would go on unseen,
 * holding its port and its data; so whoever was started by npm ends when that shell does.
 */
if (process.env.npm_lifecycle_event) {
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM')
  }, 500).unref()
}
