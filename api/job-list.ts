import { accessJobs } from './access/jobs.ts'
import { retentionJobs } from './background/jobs.ts'
import { changeJobs } from './changes/jobs.ts'
import type { JobDefinition } from './jobs.ts'
import { messageJobs } from './notification/jobs.ts'
import { queueJobs } from './queue/jobs.ts'

/** All background work there is. */
export const jobList: readonly JobDefinition[] = [
  ...queueJobs,
  ...accessJobs,
  ...retentionJobs,
  ...messageJobs,
  ...changeJobs,
]
