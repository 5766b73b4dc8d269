"""The words of the gRPC door: ``jobs.proto`` and what ``make protos`` makes of it."""
