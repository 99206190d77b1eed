//! The part of GitLab's schema that is simulated: which type has which field, and what it takes.

/// One field of a type.
pub(super) struct FieldType {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    /// Name and type of each argument.
    pub(super) arguments: &'static [(&'static str, &'static str)],
}

/// What a field gives. Lists and nullability do not matter here: no selection depends on them.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// A scalar or enum of this type.
    Leaf(&'static str),
    /// An object of this type, or a list of them.
    Object(&'static str),
    /// A connection of this type: its complexity grows with the page.
    Connection(&'static str),
}

impl FieldType {
    /// The type its selections are made on; `None` for a leaf.
    pub(super) fn object_type(&self) -> Option<&'static str> {
        match self.shape {
            Shape::Leaf(_) => None,
            Shape::Object(name) | Shape::Connection(name) => Some(name),
        }
    }

    pub(super) fn type_name(&self) -> &'static str {
        match self.shape {
            Shape::Leaf(name) | Shape::Object(name) | Shape::Connection(name) => name,
        }
    }
}

/// The type variables of these may have.
pub(super) const INPUT_TYPES: [&str; 10] = [
    "String",
    "ID",
    "Int",
    "Float",
    "Boolean",
    "CiPipelineID",
    "PipelineStatusEnum",
    "MergeRequestState",
    "MergeRequestSort",
    "ReleaseSort",
];

/// The field `name` of `type_name`; `None` when there is none.
pub(super) fn field(type_name: &str, name: &str) -> Option<&'static FieldType> {
    if name == "__typename" {
        return Some(&TYPENAME);
    }
    fields(type_name)?.iter().find(|field| field.name == name)
}

/// The fields of a type; `None` when there is no such type.
pub(super) fn fields(type_name: &str) -> Option<&'static [FieldType]> {
    Some(match type_name {
        "Query" => QUERY,
        "ProjectConnection" => PROJECT_CONNECTION,
        "ProjectEdge" => PROJECT_EDGE,
        "Project" => PROJECT,
        "RepositoryLanguage" => LANGUAGE,
        "Repository" => REPOSITORY,
        "PipelineConnection" => PIPELINE_CONNECTION,
        "PipelineEdge" => PIPELINE_EDGE,
        "Pipeline" => PIPELINE,
        "DetailedStatus" => DETAILED_STATUS,
        "MergeRequestConnection" => MERGE_REQUEST_CONNECTION,
        "MergeRequestEdge" => MERGE_REQUEST_EDGE,
        "MergeRequest" => MERGE_REQUEST,
        "UserCore" => USER,
        "ReleaseConnection" => RELEASE_CONNECTION,
        "ReleaseEdge" => RELEASE_EDGE,
        "Release" => RELEASE,
        "ReleaseLinks" => RELEASE_LINKS,
        "Tree" => TREE,
        "Commit" => COMMIT,
        "RepositoryBlobConnection" => BLOB_CONNECTION,
        "RepositoryBlob" => BLOB,
        "CiJobConnection" => JOB_CONNECTION,
        "CiJob" => JOB,
        "PageInfo" => PAGE_INFO,
        "Metadata" => METADATA,
        "CurrentUser" => CURRENT_USER,
        "QueryComplexity" => QUERY_COMPLEXITY,
        _ => return None,
    })
}

const fn leaf(name: &'static str, of: &'static str) -> FieldType {
    FieldType { name, shape: Shape::Leaf(of), arguments: &[] }
}

const fn object(name: &'static str, of: &'static str) -> FieldType {
    FieldType { name, shape: Shape::Object(of), arguments: &[] }
}

const TYPENAME: FieldType = leaf("__typename", "String");

const QUERY: &[FieldType] = &[
    FieldType {
        name: "projects",
        shape: Shape::Connection("ProjectConnection"),
        arguments: &[("fullPaths", "[String!]"), ("ids", "[ID!]"), ("first", "Int"), ("after", "String")],
    },
    FieldType { name: "project", shape: Shape::Object("Project"), arguments: &[("fullPath", "ID!")] },
    object("metadata", "Metadata"),
    object("currentUser", "CurrentUser"),
    object("queryComplexity", "QueryComplexity"),
];

const PROJECT_CONNECTION: &[FieldType] =
    &[leaf("count", "Int"), object("nodes", "Project"), object("edges", "ProjectEdge"), object("pageInfo", "PageInfo")];

const PROJECT_EDGE: &[FieldType] = &[leaf("cursor", "String"), object("node", "Project")];

const PROJECT: &[FieldType] = &[
    leaf("id", "ID"),
    leaf("fullPath", "ID"),
    leaf("path", "String"),
    leaf("name", "String"),
    leaf("description", "String"),
    leaf("webUrl", "String"),
    leaf("visibility", "String"),
    leaf("archived", "Boolean"),
    leaf("topics", "String"),
    leaf("createdAt", "Time"),
    leaf("lastActivityAt", "Time"),
    leaf("openMergeRequestsCount", "Int"),
    object("languages", "RepositoryLanguage"),
    object("repository", "Repository"),
    FieldType {
        name: "pipelines",
        shape: Shape::Connection("PipelineConnection"),
        arguments: &[
            ("ref", "String"),
            ("status", "PipelineStatusEnum"),
            ("sha", "String"),
            ("source", "String"),
            ("first", "Int"),
            ("after", "String"),
        ],
    },
    FieldType {
        name: "pipeline",
        shape: Shape::Object("Pipeline"),
        arguments: &[("id", "CiPipelineID"), ("iid", "ID"), ("sha", "String")],
    },
    FieldType {
        name: "mergeRequests",
        shape: Shape::Connection("MergeRequestConnection"),
        arguments: &[
            ("state", "MergeRequestState"),
            ("sort", "MergeRequestSort"),
            ("first", "Int"),
            ("after", "String"),
        ],
    },
    FieldType { name: "mergeRequest", shape: Shape::Object("MergeRequest"), arguments: &[("iid", "String!")] },
    FieldType {
        name: "releases",
        shape: Shape::Connection("ReleaseConnection"),
        arguments: &[("sort", "ReleaseSort"), ("first", "Int"), ("after", "String")],
    },
    FieldType { name: "release", shape: Shape::Object("Release"), arguments: &[("tagName", "String!")] },
];

const LANGUAGE: &[FieldType] = &[leaf("name", "String"), leaf("share", "Float")];

const REPOSITORY: &[FieldType] = &[
    leaf("rootRef", "String"),
    leaf("empty", "Boolean"),
    leaf("exists", "Boolean"),
    FieldType {
        name: "blobs",
        shape: Shape::Connection("RepositoryBlobConnection"),
        arguments: &[("paths", "[String!]!"), ("ref", "String"), ("first", "Int"), ("after", "String")],
    },
    FieldType {
        name: "tree",
        shape: Shape::Object("Tree"),
        arguments: &[("path", "String"), ("ref", "String"), ("recursive", "Boolean")],
    },
];

const TREE: &[FieldType] = &[object("lastCommit", "Commit")];

const BLOB_CONNECTION: &[FieldType] = &[object("nodes", "RepositoryBlob"), object("pageInfo", "PageInfo")];

const BLOB: &[FieldType] = &[
    leaf("oid", "String"),
    leaf("path", "String"),
    leaf("name", "String"),
    leaf("rawBlob", "String"),
    leaf("size", "BigInt"),
];

const PIPELINE_CONNECTION: &[FieldType] = &[
    leaf("count", "Int"),
    object("nodes", "Pipeline"),
    object("edges", "PipelineEdge"),
    object("pageInfo", "PageInfo"),
];

const PIPELINE_EDGE: &[FieldType] = &[leaf("cursor", "String"), object("node", "Pipeline")];

const PIPELINE: &[FieldType] = &[
    leaf("id", "ID"),
    leaf("iid", "String"),
    leaf("status", "PipelineStatusEnum"),
    leaf("ref", "String"),
    leaf("sha", "String"),
    leaf("source", "String"),
    leaf("createdAt", "Time"),
    leaf("updatedAt", "Time"),
    leaf("startedAt", "Time"),
    leaf("finishedAt", "Time"),
    leaf("duration", "Int"),
    leaf("path", "String"),
    object("detailedStatus", "DetailedStatus"),
    FieldType {
        name: "jobs",
        shape: Shape::Connection("CiJobConnection"),
        arguments: &[("retried", "Boolean"), ("first", "Int"), ("after", "String")],
    },
];

const JOB_CONNECTION: &[FieldType] = &[leaf("count", "Int"), object("nodes", "CiJob"), object("pageInfo", "PageInfo")];

const JOB: &[FieldType] = &[leaf("name", "String"), leaf("status", "CiJobStatus")];

const DETAILED_STATUS: &[FieldType] = &[
    leaf("name", "String"),
    leaf("group", "String"),
    leaf("text", "String"),
    leaf("label", "String"),
    leaf("detailsPath", "String"),
];

const MERGE_REQUEST_CONNECTION: &[FieldType] = &[
    leaf("count", "Int"),
    object("nodes", "MergeRequest"),
    object("edges", "MergeRequestEdge"),
    object("pageInfo", "PageInfo"),
];

const MERGE_REQUEST_EDGE: &[FieldType] = &[leaf("cursor", "String"), object("node", "MergeRequest")];

const MERGE_REQUEST: &[FieldType] = &[
    leaf("id", "ID"),
    leaf("iid", "String"),
    leaf("title", "String"),
    leaf("state", "MergeRequestState"),
    leaf("createdAt", "Time"),
    leaf("updatedAt", "Time"),
    leaf("mergedAt", "Time"),
    leaf("webUrl", "String"),
    object("author", "UserCore"),
];

const USER: &[FieldType] = &[leaf("id", "UserID"), leaf("username", "String"), leaf("name", "String")];

const RELEASE_CONNECTION: &[FieldType] =
    &[leaf("count", "Int"), object("nodes", "Release"), object("edges", "ReleaseEdge"), object("pageInfo", "PageInfo")];

const RELEASE_EDGE: &[FieldType] = &[leaf("cursor", "String"), object("node", "Release")];

const RELEASE: &[FieldType] = &[
    leaf("tagName", "String"),
    leaf("name", "String"),
    leaf("description", "String"),
    leaf("createdAt", "Time"),
    leaf("releasedAt", "Time"),
    object("commit", "Commit"),
    object("links", "ReleaseLinks"),
];

const RELEASE_LINKS: &[FieldType] = &[leaf("selfUrl", "String")];

const COMMIT: &[FieldType] = &[
    leaf("sha", "String"),
    leaf("title", "String"),
    leaf("authorName", "String"),
    leaf("authoredDate", "Time"),
    leaf("webUrl", "String"),
];

const PAGE_INFO: &[FieldType] = &[
    leaf("hasNextPage", "Boolean"),
    leaf("hasPreviousPage", "Boolean"),
    leaf("startCursor", "String"),
    leaf("endCursor", "String"),
];

const METADATA: &[FieldType] = &[leaf("version", "String"), leaf("revision", "String"), leaf("enterprise", "Boolean")];

const CURRENT_USER: &[FieldType] = &[leaf("id", "UserID"), leaf("username", "String"), leaf("name", "String")];

const QUERY_COMPLEXITY: &[FieldType] = &[leaf("score", "Int"), leaf("limit", "Int")];
