type Named = { name: string; room: string | null }

/** What each is called: the name, and where another has the same the room, too, or else a number. */
export const tellingApart = (people: readonly Named[]): string[] => {
  const taken = new Set<string>()
  return people.map(({ name, room }) => {
    const isShared = people.filter((other) => other.name === name).length > 1
    const called = isShared && room ? `${name}, ${room}` : name
    let distinct = called
    for (let number = 2; taken.has(distinct); number++) distinct = `${called} (${number})`
    taken.add(distinct)
    return distinct
  })
}
