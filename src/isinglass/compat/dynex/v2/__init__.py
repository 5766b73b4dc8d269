"""``sdk.proto`` and what ``make protos`` makes of it."""
