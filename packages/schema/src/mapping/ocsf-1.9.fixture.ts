/**
 * Facts of OCSF 1.9.0 for the classes and objects that are mapped: attributes with their types,
 * which are required, the values of enumerations with their captions, and constraints. Attributes
 * that are not mapped are left out, so that using one is an error until it is looked up.
 * From ocsf/ocsf-schema v1.9.0 (3 August 2026): its compiled form for objects and profiles,
 * `events/` for the classes. Deprecated attributes are left out on purpose.
 *
 * `name:type`, `!` for required, `[]` for arrays; types with a capital are objects below.
 */

interface Shape {
  readonly attributes: string;
  readonly atLeastOne?: string;
}

const CLASSIFICATION =
  'activity_id:integer! activity_name:string category_uid:integer! category_name:string class_uid:integer! class_name:string severity_id:integer! severity:string type_uid:long! type_name:string time:timestamp! message:string status:string status_id:integer status_code:string status_detail:string metadata:Metadata! unmapped:json';

export const OCSF_SHAPES: Readonly<Record<string, Shape>> = {
  '6003': {
    attributes: `${CLASSIFICATION} actor:Actor! api:Api! src_endpoint:NetworkEndpoint! dst_endpoint:NetworkEndpoint http_request:HttpRequest http_response:HttpResponse resources:ResourceDetails[]`,
  },
  '3004': {
    attributes: `${CLASSIFICATION} actor:Actor entity:ManagedEntity! src_endpoint:NetworkEndpoint comment:string`,
  },
  '3007': {
    attributes: `${CLASSIFICATION} actor:Actor user:User! src_endpoint:NetworkEndpoint`,
  },
  '3002': {
    attributes: `${CLASSIFICATION} actor:Actor user:User! service:Service src_endpoint:NetworkEndpoint dst_endpoint:NetworkEndpoint`,
    atLeastOne: 'service dst_endpoint',
  },
  '2004': {
    attributes: `${CLASSIFICATION} finding_info:FindingInfo! is_alert:boolean start_time:timestamp end_time:timestamp`,
  },
  Metadata: {
    attributes:
      'correlation_uid:string event_code:string log_name:string original_event_uid:string original_time:string product:Product! profiles:string[] sequence:integer tenant_uid:string uid:string version:string!',
  },
  Product: { attributes: 'name:string uid:string vendor_name:string version:string' },
  Actor: {
    attributes:
      'application:Application authorizations:Authorization[] process:json session:Session user:User',
    atLeastOne: 'process user iam_role session application',
  },
  Application: { attributes: 'name:string uid:string type:string', atLeastOne: 'uid name' },
  Session: { attributes: 'uid:string credential_uid:string' },
  User: {
    attributes:
      'name:string uid:string uid_alt:string email_addr:string full_name:string type:string type_id:integer',
    atLeastOne: 'account name uid',
  },
  Api: {
    attributes:
      'operation:string! request:Request response:Response service:Service version:string',
  },
  Request: { attributes: 'data:json flags:string[] uid:string!' },
  Response: { attributes: 'code:integer error:string error_message:string message:string' },
  Service: { attributes: 'name:string uid:string version:string', atLeastOne: 'name uid' },
  NetworkEndpoint: {
    attributes: 'ip:ip uid:string name:string hostname:string svc_name:string',
    atLeastOne: 'ip uid name hostname svc_name instance_uid interface_uid interface_name domain',
  },
  HttpRequest: {
    attributes:
      'http_headers:HttpHeader[] http_method:method uid:string url:Url user_agent:string version:string',
  },
  HttpResponse: {
    attributes: 'code:integer! http_headers:HttpHeader[] latency:integer status:string',
  },
  HttpHeader: { attributes: 'name:string! value:string!' },
  Url: {
    attributes: 'url_string:string hostname:string path:string query_string:string scheme:string',
    atLeastOne: 'url_string path',
  },
  ResourceDetails: { attributes: 'name:string uid:string type:string', atLeastOne: 'name uid' },
  ManagedEntity: {
    attributes: 'name:string uid:string data:json policy:Policy type:string type_id:integer',
    atLeastOne: 'name uid device group org policy user',
  },
  Policy: {
    attributes: 'name:string uid:string desc:string type:string version:string',
    atLeastOne: 'name type uid',
  },
  Authorization: { attributes: 'decision:string policy:Policy' },
  FindingInfo: {
    attributes:
      'analytic:Analytic created_time:timestamp desc:string related_events:RelatedEvent[] title:string uid:string!',
  },
  Analytic: {
    attributes: 'name:string uid:string type:string type_id:integer! version:string',
    atLeastOne: 'name uid',
  },
  RelatedEvent: { attributes: 'uid:string! type:string type_uid:long' },
  AiAgent: {
    attributes: 'name:string uid:string instance_uid:string version:string type_id:integer',
    atLeastOne: 'name uid',
  },
  Delegation: { attributes: 'uid:string! issuer_uid:string parent_uid:string' },
  Attestation: {
    attributes:
      'authority_uid:string chain_uid:string fingerprint:Fingerprint prev_event:PrevEvent uid:string',
    atLeastOne: 'fingerprint signatures',
  },
  PrevEvent: { attributes: 'fingerprint:Fingerprint type_uid:long uid:string!' },
  Fingerprint: {
    attributes:
      'algorithm:string algorithm_id:integer! encoding:string encoding_id:integer value:string!',
  },
};

/** Attributes that a profile adds, allowed where `metadata.profiles` names it. */
export const OCSF_PROFILES: Readonly<Record<string, string>> = {
  record_integrity: 'attestation_list:Attestation[]',
  ai_operation: 'ai_agent:AiAgent delegation:Delegation',
  security_control:
    'action:string action_id:integer authorizations:Authorization[] disposition:string disposition_id:integer policy:Policy',
};

/** Which profiles a class can have. */
export const CLASS_PROFILES: Readonly<Record<string, readonly string[]>> = {
  '6003': ['record_integrity', 'ai_operation', 'security_control'],
  '3004': ['record_integrity', 'ai_operation', 'security_control'],
  '3007': ['record_integrity', 'ai_operation', 'security_control'],
  '3002': ['record_integrity', 'ai_operation', 'security_control'],
  '2004': ['record_integrity', 'security_control'],
};

/** Captions of an enumeration, by class or object and attribute; the sibling must be the caption. */
export const OCSF_ENUMS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '6003.activity_id': { 0: 'Unknown', 1: 'Create', 2: 'Read', 3: 'Update', 4: 'Delete', 99: '*' },
  '3004.activity_id': { 0: 'Unknown', 1: 'Create', 2: 'Read', 3: 'Update', 4: 'Delete', 99: '*' },
  '3007.activity_id': { 0: 'Unknown', 1: 'Create', 2: 'Update', 3: 'Delete', 99: '*' },
  '3002.activity_id': { 0: 'Unknown', 1: 'Logon', 2: 'Logoff', 99: '*' },
  '2004.activity_id': { 0: 'Unknown', 1: 'Create', 2: 'Update', 3: 'Close', 99: '*' },
  '2004.status_id': { 1: 'New', 2: 'In Progress', 3: 'Suppressed', 4: 'Resolved' },
  status_id: { 0: 'Unknown', 1: 'Success', 2: 'Failure', 99: '*' },
  severity_id: {
    0: 'Unknown',
    1: 'Informational',
    2: 'Low',
    3: 'Medium',
    4: 'High',
    5: 'Critical',
    6: 'Fatal',
    99: '*',
  },
  action_id: { 0: 'Unknown', 1: 'Allowed', 2: 'Denied', 3: 'Observed', 4: 'Modified', 99: '*' },
  disposition_id: { 0: 'Unknown', 1: 'Allowed', 2: 'Blocked', 25: 'Rejected', 26: 'Unauthorized' },
  'User.type_id': { 0: 'Unknown', 1: 'User', 2: 'Admin', 3: 'System', 4: 'Service', 99: '*' },
  'ManagedEntity.type_id': {
    0: 'Unknown',
    1: 'Device',
    2: 'User',
    3: 'Group',
    5: 'Policy',
    99: '*',
  },
  'Analytic.type_id': { 0: 'Unknown', 1: 'Rule', 2: 'Behavioral', 3: 'Statistical', 99: '*' },
  'Fingerprint.algorithm_id': { 3: 'SHA-256', 4: 'SHA-512', 99: '*' },
  'Fingerprint.encoding_id': { 1: 'Hex', 2: 'Base64', 3: 'Base64URL', 99: '*' },
};

/** Names of `class_uid` and `category_uid`. */
export const OCSF_NAMES: Readonly<Record<string, readonly [string, number, string]>> = {
  '6003': ['API Activity', 6, 'Application Activity'],
  '3004': ['Entity Management', 3, 'Identity & Access Management'],
  '3007': ['User Management', 3, 'Identity & Access Management'],
  '3002': ['Authentication', 3, 'Identity & Access Management'],
  '2004': ['Detection Finding', 2, 'Findings'],
};

export const OCSF_METHODS: ReadonlySet<string> = new Set(
  'ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT CONNECT COPY DELETE GET HEAD LABEL LINK LOCK MERGE MKACTIVITY MKCALENDAR MKCOL MKREDIRECTREF MKWORKSPACE MOVE OPTIONS ORDERPATCH PATCH POST PRI PROPFIND PROPPATCH PUT QUERY REBIND REPORT SEARCH TRACE UNBIND UNCHECKOUT UNLINK UNLOCK UPDATE UPDATEREDIRECTREF VERSION-CONTROL'.split(
    ' ',
  ),
);
