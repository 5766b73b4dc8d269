from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ComputeBackend(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    COMPUTE_BACKEND_UNSPECIFIED: _ClassVar[ComputeBackend]
    COMPUTE_BACKEND_DYNEX_CPU: _ClassVar[ComputeBackend]
    COMPUTE_BACKEND_DYNEX_GPU: _ClassVar[ComputeBackend]
    COMPUTE_BACKEND_DYNEX_QPU_APOLLO: _ClassVar[ComputeBackend]
COMPUTE_BACKEND_UNSPECIFIED: ComputeBackend
COMPUTE_BACKEND_DYNEX_CPU: ComputeBackend
COMPUTE_BACKEND_DYNEX_GPU: ComputeBackend
COMPUTE_BACKEND_DYNEX_QPU_APOLLO: ComputeBackend

class CreateJobRequest(_message.Message):
    __slots__ = ("init", "chunk", "job_data")
    INIT_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    JOB_DATA_FIELD_NUMBER: _ClassVar[int]
    init: CreateJobInit
    chunk: JobChunk
    job_data: JobData
    def __init__(self, init: _Optional[_Union[CreateJobInit, _Mapping]] = ..., chunk: _Optional[_Union[JobChunk, _Mapping]] = ..., job_data: _Optional[_Union[JobData, _Mapping]] = ...) -> None: ...

class CreateJobInit(_message.Message):
    __slots__ = ("opts", "request_ip")
    OPTS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_IP_FIELD_NUMBER: _ClassVar[int]
    opts: JobNewOpts
    request_ip: str
    def __init__(self, opts: _Optional[_Union[JobNewOpts, _Mapping]] = ..., request_ip: _Optional[str] = ...) -> None: ...

class JobNewOpts(_message.Message):
    __slots__ = ("max_steps", "num_reads", "min_step_size", "description", "block_fee", "reward", "is_cluster", "shots", "target_energy", "population_size", "rank", "compute_backend", "job_metadata_json")
    MAX_STEPS_FIELD_NUMBER: _ClassVar[int]
    NUM_READS_FIELD_NUMBER: _ClassVar[int]
    MIN_STEP_SIZE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    BLOCK_FEE_FIELD_NUMBER: _ClassVar[int]
    REWARD_FIELD_NUMBER: _ClassVar[int]
    IS_CLUSTER_FIELD_NUMBER: _ClassVar[int]
    SHOTS_FIELD_NUMBER: _ClassVar[int]
    TARGET_ENERGY_FIELD_NUMBER: _ClassVar[int]
    POPULATION_SIZE_FIELD_NUMBER: _ClassVar[int]
    RANK_FIELD_NUMBER: _ClassVar[int]
    COMPUTE_BACKEND_FIELD_NUMBER: _ClassVar[int]
    JOB_METADATA_JSON_FIELD_NUMBER: _ClassVar[int]
    max_steps: int
    num_reads: int
    min_step_size: float
    description: str
    block_fee: int
    reward: int
    is_cluster: bool
    shots: int
    target_energy: float
    population_size: int
    rank: int
    compute_backend: ComputeBackend
    job_metadata_json: str
    def __init__(self, max_steps: _Optional[int] = ..., num_reads: _Optional[int] = ..., min_step_size: _Optional[float] = ..., description: _Optional[str] = ..., block_fee: _Optional[int] = ..., reward: _Optional[int] = ..., is_cluster: bool = ..., shots: _Optional[int] = ..., target_energy: _Optional[float] = ..., population_size: _Optional[int] = ..., rank: _Optional[int] = ..., compute_backend: _Optional[_Union[ComputeBackend, str]] = ..., job_metadata_json: _Optional[str] = ...) -> None: ...

class JobData(_message.Message):
    __slots__ = ("num_vars", "row", "col", "val", "offset", "filename")
    NUM_VARS_FIELD_NUMBER: _ClassVar[int]
    ROW_FIELD_NUMBER: _ClassVar[int]
    COL_FIELD_NUMBER: _ClassVar[int]
    VAL_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    FILENAME_FIELD_NUMBER: _ClassVar[int]
    num_vars: int
    row: _containers.RepeatedScalarFieldContainer[int]
    col: _containers.RepeatedScalarFieldContainer[int]
    val: _containers.RepeatedScalarFieldContainer[float]
    offset: float
    filename: str
    def __init__(self, num_vars: _Optional[int] = ..., row: _Optional[_Iterable[int]] = ..., col: _Optional[_Iterable[int]] = ..., val: _Optional[_Iterable[float]] = ..., offset: _Optional[float] = ..., filename: _Optional[str] = ...) -> None: ...

class JobChunk(_message.Message):
    __slots__ = ("data",)
    DATA_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    def __init__(self, data: _Optional[bytes] = ...) -> None: ...

class CreateJobReply(_message.Message):
    __slots__ = ("job_id", "real_price_per_block", "qasm_json")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    REAL_PRICE_PER_BLOCK_FIELD_NUMBER: _ClassVar[int]
    QASM_JSON_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    real_price_per_block: int
    qasm_json: str
    def __init__(self, job_id: _Optional[str] = ..., real_price_per_block: _Optional[int] = ..., qasm_json: _Optional[str] = ...) -> None: ...

class CancelJobRequest(_message.Message):
    __slots__ = ("job_id",)
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    def __init__(self, job_id: _Optional[str] = ...) -> None: ...

class CancelJobReply(_message.Message):
    __slots__ = ("job_id", "min_loc", "min_energy")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    MIN_LOC_FIELD_NUMBER: _ClassVar[int]
    MIN_ENERGY_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    min_loc: int
    min_energy: float
    def __init__(self, job_id: _Optional[str] = ..., min_loc: _Optional[int] = ..., min_energy: _Optional[float] = ...) -> None: ...

class FinishJobRequest(_message.Message):
    __slots__ = ("job_id", "min_loc", "min_energy")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    MIN_LOC_FIELD_NUMBER: _ClassVar[int]
    MIN_ENERGY_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    min_loc: int
    min_energy: float
    def __init__(self, job_id: _Optional[str] = ..., min_loc: _Optional[int] = ..., min_energy: _Optional[float] = ...) -> None: ...

class FinishJobReply(_message.Message):
    __slots__ = ("job_id", "min_loc", "min_energy")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    MIN_LOC_FIELD_NUMBER: _ClassVar[int]
    MIN_ENERGY_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    min_loc: int
    min_energy: float
    def __init__(self, job_id: _Optional[str] = ..., min_loc: _Optional[int] = ..., min_energy: _Optional[float] = ...) -> None: ...

class UpdateJobRequest(_message.Message):
    __slots__ = ("job_id",)
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    def __init__(self, job_id: _Optional[str] = ...) -> None: ...

class UpdateJobReply(_message.Message):
    __slots__ = ("job_id", "min_loc", "min_energy")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    MIN_LOC_FIELD_NUMBER: _ClassVar[int]
    MIN_ENERGY_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    min_loc: int
    min_energy: float
    def __init__(self, job_id: _Optional[str] = ..., min_loc: _Optional[int] = ..., min_energy: _Optional[float] = ...) -> None: ...

class SubscribeJobRequest(_message.Message):
    __slots__ = ("job_id", "from_seq")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    FROM_SEQ_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    from_seq: int
    def __init__(self, job_id: _Optional[str] = ..., from_seq: _Optional[int] = ...) -> None: ...

class JobEvent(_message.Message):
    __slots__ = ("job_id", "seq", "ts", "type", "status", "progress", "envelope", "error", "matrix_stats")
    class Type(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        JOB_STATUS: _ClassVar[JobEvent.Type]
        PROGRESS: _ClassVar[JobEvent.Type]
        SOLUTION_NEW: _ClassVar[JobEvent.Type]
        ERROR: _ClassVar[JobEvent.Type]
        HEARTBEAT: _ClassVar[JobEvent.Type]
        QPU_MATRIX_STATS: _ClassVar[JobEvent.Type]
    JOB_STATUS: JobEvent.Type
    PROGRESS: JobEvent.Type
    SOLUTION_NEW: JobEvent.Type
    ERROR: JobEvent.Type
    HEARTBEAT: JobEvent.Type
    QPU_MATRIX_STATS: JobEvent.Type
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    TS_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    MATRIX_STATS_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    seq: int
    ts: _timestamp_pb2.Timestamp
    type: JobEvent.Type
    status: JobStatus
    progress: Progress
    envelope: SolutionEnvelope
    error: ErrorInfo
    matrix_stats: QpuMatrixStats
    def __init__(self, job_id: _Optional[str] = ..., seq: _Optional[int] = ..., ts: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., type: _Optional[_Union[JobEvent.Type, str]] = ..., status: _Optional[_Union[JobStatus, _Mapping]] = ..., progress: _Optional[_Union[Progress, _Mapping]] = ..., envelope: _Optional[_Union[SolutionEnvelope, _Mapping]] = ..., error: _Optional[_Union[ErrorInfo, _Mapping]] = ..., matrix_stats: _Optional[_Union[QpuMatrixStats, _Mapping]] = ...) -> None: ...

class JobStatus(_message.Message):
    __slots__ = ("state", "reason")
    STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    state: str
    reason: str
    def __init__(self, state: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class Progress(_message.Message):
    __slots__ = ("percent", "atomics_json", "atomic_id", "phase", "layer", "current", "total", "eta_seconds", "backend")
    PERCENT_FIELD_NUMBER: _ClassVar[int]
    ATOMICS_JSON_FIELD_NUMBER: _ClassVar[int]
    ATOMIC_ID_FIELD_NUMBER: _ClassVar[int]
    PHASE_FIELD_NUMBER: _ClassVar[int]
    LAYER_FIELD_NUMBER: _ClassVar[int]
    CURRENT_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    ETA_SECONDS_FIELD_NUMBER: _ClassVar[int]
    BACKEND_FIELD_NUMBER: _ClassVar[int]
    percent: float
    atomics_json: str
    atomic_id: str
    phase: str
    layer: str
    current: int
    total: int
    eta_seconds: float
    backend: str
    def __init__(self, percent: _Optional[float] = ..., atomics_json: _Optional[str] = ..., atomic_id: _Optional[str] = ..., phase: _Optional[str] = ..., layer: _Optional[str] = ..., current: _Optional[int] = ..., total: _Optional[int] = ..., eta_seconds: _Optional[float] = ..., backend: _Optional[str] = ...) -> None: ...

class QpuMatrixStats(_message.Message):
    __slots__ = ("atomic_id", "num_vars", "max_k", "min_W", "max_W", "min_h", "max_h", "scale_alpha")
    ATOMIC_ID_FIELD_NUMBER: _ClassVar[int]
    NUM_VARS_FIELD_NUMBER: _ClassVar[int]
    MAX_K_FIELD_NUMBER: _ClassVar[int]
    MIN_W_FIELD_NUMBER: _ClassVar[int]
    MAX_W_FIELD_NUMBER: _ClassVar[int]
    MIN_H_FIELD_NUMBER: _ClassVar[int]
    MAX_H_FIELD_NUMBER: _ClassVar[int]
    SCALE_ALPHA_FIELD_NUMBER: _ClassVar[int]
    atomic_id: str
    num_vars: int
    max_k: int
    min_W: float
    max_W: float
    min_h: float
    max_h: float
    scale_alpha: float
    def __init__(self, atomic_id: _Optional[str] = ..., num_vars: _Optional[int] = ..., max_k: _Optional[int] = ..., min_W: _Optional[float] = ..., max_W: _Optional[float] = ..., min_h: _Optional[float] = ..., max_h: _Optional[float] = ..., scale_alpha: _Optional[float] = ...) -> None: ...

class ErrorInfo(_message.Message):
    __slots__ = ("code", "message")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    code: str
    message: str
    def __init__(self, code: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class SolutionEnvelope(_message.Message):
    __slots__ = ("job_id", "kind", "data", "url", "name", "size", "compressed_size", "compression", "checksum", "valid", "expires_at", "format", "chunk_index", "chunk_count", "first_solution_index", "total_solutions", "logical_name", "total_size")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    COMPRESSED_SIZE_FIELD_NUMBER: _ClassVar[int]
    COMPRESSION_FIELD_NUMBER: _ClassVar[int]
    CHECKSUM_FIELD_NUMBER: _ClassVar[int]
    VALID_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    CHUNK_INDEX_FIELD_NUMBER: _ClassVar[int]
    CHUNK_COUNT_FIELD_NUMBER: _ClassVar[int]
    FIRST_SOLUTION_INDEX_FIELD_NUMBER: _ClassVar[int]
    TOTAL_SOLUTIONS_FIELD_NUMBER: _ClassVar[int]
    LOGICAL_NAME_FIELD_NUMBER: _ClassVar[int]
    TOTAL_SIZE_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    kind: str
    data: str
    url: str
    name: str
    size: int
    compressed_size: int
    compression: str
    checksum: str
    valid: bool
    expires_at: _timestamp_pb2.Timestamp
    format: str
    chunk_index: int
    chunk_count: int
    first_solution_index: int
    total_solutions: int
    logical_name: str
    total_size: int
    def __init__(self, job_id: _Optional[str] = ..., kind: _Optional[str] = ..., data: _Optional[str] = ..., url: _Optional[str] = ..., name: _Optional[str] = ..., size: _Optional[int] = ..., compressed_size: _Optional[int] = ..., compression: _Optional[str] = ..., checksum: _Optional[str] = ..., valid: bool = ..., expires_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., format: _Optional[str] = ..., chunk_index: _Optional[int] = ..., chunk_count: _Optional[int] = ..., first_solution_index: _Optional[int] = ..., total_solutions: _Optional[int] = ..., logical_name: _Optional[str] = ..., total_size: _Optional[int] = ...) -> None: ...

class SampleSetBatch(_message.Message):
    __slots__ = ("num_variables", "packed_voltages", "energies", "locs")
    NUM_VARIABLES_FIELD_NUMBER: _ClassVar[int]
    PACKED_VOLTAGES_FIELD_NUMBER: _ClassVar[int]
    ENERGIES_FIELD_NUMBER: _ClassVar[int]
    LOCS_FIELD_NUMBER: _ClassVar[int]
    num_variables: int
    packed_voltages: bytes
    energies: _containers.RepeatedScalarFieldContainer[float]
    locs: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, num_variables: _Optional[int] = ..., packed_voltages: _Optional[bytes] = ..., energies: _Optional[_Iterable[float]] = ..., locs: _Optional[_Iterable[int]] = ...) -> None: ...

class DownloadSolutionRequest(_message.Message):
    __slots__ = ("job_id", "name")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    name: str
    def __init__(self, job_id: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class SolutionChunk(_message.Message):
    __slots__ = ("data",)
    DATA_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    def __init__(self, data: _Optional[bytes] = ...) -> None: ...

class GetSolutionURLRequest(_message.Message):
    __slots__ = ("job_id", "name")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    name: str
    def __init__(self, job_id: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class GetSolutionURLReply(_message.Message):
    __slots__ = ("url", "ttl_seconds")
    URL_FIELD_NUMBER: _ClassVar[int]
    TTL_SECONDS_FIELD_NUMBER: _ClassVar[int]
    url: str
    ttl_seconds: int
    def __init__(self, url: _Optional[str] = ..., ttl_seconds: _Optional[int] = ...) -> None: ...

class ListAtomicsRequest(_message.Message):
    __slots__ = ("job_id", "limit")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    limit: int
    def __init__(self, job_id: _Optional[str] = ..., limit: _Optional[int] = ...) -> None: ...

class ListAtomicsReply(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[AtomicForJob]
    def __init__(self, items: _Optional[_Iterable[_Union[AtomicForJob, _Mapping]]] = ...) -> None: ...

class AtomicForJob(_message.Message):
    __slots__ = ("worker_id", "chips", "max_steps", "loc", "energy", "version", "updated_at", "last_reset_at", "hashrate", "pool_hashrate", "status", "total_steps", "ip")
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    CHIPS_FIELD_NUMBER: _ClassVar[int]
    MAX_STEPS_FIELD_NUMBER: _ClassVar[int]
    LOC_FIELD_NUMBER: _ClassVar[int]
    ENERGY_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    LAST_RESET_AT_FIELD_NUMBER: _ClassVar[int]
    HASHRATE_FIELD_NUMBER: _ClassVar[int]
    POOL_HASHRATE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_STEPS_FIELD_NUMBER: _ClassVar[int]
    IP_FIELD_NUMBER: _ClassVar[int]
    worker_id: str
    chips: int
    max_steps: int
    loc: int
    energy: float
    version: str
    updated_at: _timestamp_pb2.Timestamp
    last_reset_at: _timestamp_pb2.Timestamp
    hashrate: float
    pool_hashrate: float
    status: int
    total_steps: int
    ip: str
    def __init__(self, worker_id: _Optional[str] = ..., chips: _Optional[int] = ..., max_steps: _Optional[int] = ..., loc: _Optional[int] = ..., energy: _Optional[float] = ..., version: _Optional[str] = ..., updated_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., last_reset_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., hashrate: _Optional[float] = ..., pool_hashrate: _Optional[float] = ..., status: _Optional[int] = ..., total_steps: _Optional[int] = ..., ip: _Optional[str] = ...) -> None: ...
