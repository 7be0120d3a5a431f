"""Jobs: records, queues and events in Redis, and the workers that do them (specification jobs)."""
