from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class JobSpec(_message.Message):
    __slots__ = ("type", "backend", "solver", "parameters", "seed", "shots", "timeout", "priority", "description", "qpu_model", "echo")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    BACKEND_FIELD_NUMBER: _ClassVar[int]
    SOLVER_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    SHOTS_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    QPU_MODEL_FIELD_NUMBER: _ClassVar[int]
    ECHO_FIELD_NUMBER: _ClassVar[int]
    type: str
    backend: str
    solver: str
    parameters: str
    seed: int
    shots: int
    timeout: float
    priority: int
    description: str
    qpu_model: str
    echo: str
    def __init__(self, type: _Optional[str] = ..., backend: _Optional[str] = ..., solver: _Optional[str] = ..., parameters: _Optional[str] = ..., seed: _Optional[int] = ..., shots: _Optional[int] = ..., timeout: _Optional[float] = ..., priority: _Optional[int] = ..., description: _Optional[str] = ..., qpu_model: _Optional[str] = ..., echo: _Optional[str] = ...) -> None: ...

class JobStatus(_message.Message):
    __slots__ = ("id", "user", "state", "stop_cause", "spec", "shots", "shots_done", "variables", "problem", "problem_bytes", "created", "started", "finished", "best_energy", "error", "events", "rerun_of")
    ID_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    STOP_CAUSE_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    SHOTS_FIELD_NUMBER: _ClassVar[int]
    SHOTS_DONE_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_BYTES_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    STARTED_FIELD_NUMBER: _ClassVar[int]
    FINISHED_FIELD_NUMBER: _ClassVar[int]
    BEST_ENERGY_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    RERUN_OF_FIELD_NUMBER: _ClassVar[int]
    id: str
    user: str
    state: str
    stop_cause: str
    spec: JobSpec
    shots: int
    shots_done: int
    variables: int
    problem: str
    problem_bytes: int
    created: float
    started: float
    finished: float
    best_energy: float
    error: str
    events: int
    rerun_of: str
    def __init__(self, id: _Optional[str] = ..., user: _Optional[str] = ..., state: _Optional[str] = ..., stop_cause: _Optional[str] = ..., spec: _Optional[_Union[JobSpec, _Mapping]] = ..., shots: _Optional[int] = ..., shots_done: _Optional[int] = ..., variables: _Optional[int] = ..., problem: _Optional[str] = ..., problem_bytes: _Optional[int] = ..., created: _Optional[float] = ..., started: _Optional[float] = ..., finished: _Optional[float] = ..., best_energy: _Optional[float] = ..., error: _Optional[str] = ..., events: _Optional[int] = ..., rerun_of: _Optional[str] = ...) -> None: ...

class SubmitRequest(_message.Message):
    __slots__ = ("spec", "content", "sha256", "idempotency_key", "wait")
    SPEC_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    spec: JobSpec
    content: bytes
    sha256: str
    idempotency_key: str
    wait: float
    def __init__(self, spec: _Optional[_Union[JobSpec, _Mapping]] = ..., content: _Optional[bytes] = ..., sha256: _Optional[str] = ..., idempotency_key: _Optional[str] = ..., wait: _Optional[float] = ...) -> None: ...

class Shot(_message.Message):
    __slots__ = ("shot", "content")
    SHOT_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    shot: int
    content: bytes
    def __init__(self, shot: _Optional[int] = ..., content: _Optional[bytes] = ...) -> None: ...

class SubmitReply(_message.Message):
    __slots__ = ("job", "complete", "shots")
    JOB_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    SHOTS_FIELD_NUMBER: _ClassVar[int]
    job: JobStatus
    complete: bool
    shots: _containers.RepeatedCompositeFieldContainer[Shot]
    def __init__(self, job: _Optional[_Union[JobStatus, _Mapping]] = ..., complete: bool = ..., shots: _Optional[_Iterable[_Union[Shot, _Mapping]]] = ...) -> None: ...

class Piece(_message.Message):
    __slots__ = ("offset", "frame")
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    FRAME_FIELD_NUMBER: _ClassVar[int]
    offset: int
    frame: bytes
    def __init__(self, offset: _Optional[int] = ..., frame: _Optional[bytes] = ...) -> None: ...

class UploadStart(_message.Message):
    __slots__ = ("sha256", "size")
    SHA256_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    sha256: str
    size: int
    def __init__(self, sha256: _Optional[str] = ..., size: _Optional[int] = ...) -> None: ...

class UploadRequest(_message.Message):
    __slots__ = ("start", "piece")
    START_FIELD_NUMBER: _ClassVar[int]
    PIECE_FIELD_NUMBER: _ClassVar[int]
    start: UploadStart
    piece: Piece
    def __init__(self, start: _Optional[_Union[UploadStart, _Mapping]] = ..., piece: _Optional[_Union[Piece, _Mapping]] = ...) -> None: ...

class UploadReply(_message.Message):
    __slots__ = ("arrived",)
    ARRIVED_FIELD_NUMBER: _ClassVar[int]
    arrived: int
    def __init__(self, arrived: _Optional[int] = ...) -> None: ...

class JobRequest(_message.Message):
    __slots__ = ("job",)
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: str
    def __init__(self, job: _Optional[str] = ...) -> None: ...

class StatusRequest(_message.Message):
    __slots__ = ("job", "wait")
    JOB_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    job: str
    wait: float
    def __init__(self, job: _Optional[str] = ..., wait: _Optional[float] = ...) -> None: ...

class StatusReply(_message.Message):
    __slots__ = ("job",)
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: JobStatus
    def __init__(self, job: _Optional[_Union[JobStatus, _Mapping]] = ...) -> None: ...

class EventsRequest(_message.Message):
    __slots__ = ("job", "after")
    JOB_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    job: str
    after: int
    def __init__(self, job: _Optional[str] = ..., after: _Optional[int] = ...) -> None: ...

class Event(_message.Message):
    __slots__ = ("seq", "at", "kind", "data")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    seq: int
    at: float
    kind: str
    data: str
    def __init__(self, seq: _Optional[int] = ..., at: _Optional[float] = ..., kind: _Optional[str] = ..., data: _Optional[str] = ...) -> None: ...

class ResultRequest(_message.Message):
    __slots__ = ("job", "wait", "shot", "final", "from_shot", "from_offset")
    JOB_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    SHOT_FIELD_NUMBER: _ClassVar[int]
    FINAL_FIELD_NUMBER: _ClassVar[int]
    FROM_SHOT_FIELD_NUMBER: _ClassVar[int]
    FROM_OFFSET_FIELD_NUMBER: _ClassVar[int]
    job: str
    wait: float
    shot: int
    final: bool
    from_shot: int
    from_offset: int
    def __init__(self, job: _Optional[str] = ..., wait: _Optional[float] = ..., shot: _Optional[int] = ..., final: bool = ..., from_shot: _Optional[int] = ..., from_offset: _Optional[int] = ...) -> None: ...

class ShotPiece(_message.Message):
    __slots__ = ("shot", "size", "piece")
    SHOT_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    PIECE_FIELD_NUMBER: _ClassVar[int]
    shot: int
    size: int
    piece: Piece
    def __init__(self, shot: _Optional[int] = ..., size: _Optional[int] = ..., piece: _Optional[_Union[Piece, _Mapping]] = ...) -> None: ...

class ResultReply(_message.Message):
    __slots__ = ("job", "piece")
    JOB_FIELD_NUMBER: _ClassVar[int]
    PIECE_FIELD_NUMBER: _ClassVar[int]
    job: JobStatus
    piece: ShotPiece
    def __init__(self, job: _Optional[_Union[JobStatus, _Mapping]] = ..., piece: _Optional[_Union[ShotPiece, _Mapping]] = ...) -> None: ...

class RerunRequest(_message.Message):
    __slots__ = ("job", "seed")
    JOB_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    job: str
    seed: int
    def __init__(self, job: _Optional[str] = ..., seed: _Optional[int] = ...) -> None: ...

class ListRequest(_message.Message):
    __slots__ = ("state", "search", "before", "limit")
    STATE_FIELD_NUMBER: _ClassVar[int]
    SEARCH_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    state: str
    search: str
    before: str
    limit: int
    def __init__(self, state: _Optional[str] = ..., search: _Optional[str] = ..., before: _Optional[str] = ..., limit: _Optional[int] = ...) -> None: ...

class ListReply(_message.Message):
    __slots__ = ("jobs",)
    JOBS_FIELD_NUMBER: _ClassVar[int]
    jobs: _containers.RepeatedCompositeFieldContainer[JobStatus]
    def __init__(self, jobs: _Optional[_Iterable[_Union[JobStatus, _Mapping]]] = ...) -> None: ...
