import { expect, it } from 'vitest'
import { tellingApart } from './telling-apart.ts'

const ann = (room: string | null) => ({ name: 'Dr. Ann Lee', room })
const ben = { name: 'Dr. Ben Ito', room: '2' }

it.each([
  [[], []],
  [
    [ann('1'), ben],
    ['Dr. Ann Lee', 'Dr. Ben Ito'],
  ],
  [
    [ann('Room 1'), ben, ann('Room 3')],
    ['Dr. Ann Lee, Room 1', 'Dr. Ben Ito', 'Dr. Ann Lee, Room 3'],
  ],
  [
    [ann(null), ann(null), ann('Room 1'), ann('Room 1')],
    ['Dr. Ann Lee', 'Dr. Ann Lee (2)', 'Dr. Ann Lee, Room 1', 'Dr. Ann Lee, Room 1 (2)'],
  ],
  [
    [{ name: 'Dr. Ann Lee (2)', room: null }, ann(null), ann(null)],
    ['Dr. Ann Lee (2)', 'Dr. Ann Lee', 'Dr. Ann Lee (3)'],
  ],
])('calls no two doctors the same: %j', (people, names) => {
  expect(tellingApart(people)).toEqual(names)
})
