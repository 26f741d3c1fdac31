// SPDX-License-Identifier: MIT OR Apache-2.0
#include "http/conditional.h"

#include <algorithm>
#include <utility>

#include "http/field.h"

namespace weir::http {
namespace {

bool matches_strongly(const EntityTagList& list, const std::optional<EntityTag>& etag) {
  if (list.any) return true;
  return etag && std::any_of(list.tags.begin(), list.tags.end(),
                             [&](const EntityTag& tag) { return strong_match(tag, *etag); });
}

bool matches_weakly(const EntityTagList& list, const std::optional<EntityTag>& etag) {
  if (list.any) return true;
  return etag && std::any_of(list.tags.begin(), list.tags.end(),
                             [&](const EntityTag& tag) { return weak_match(tag, *etag); });
}

// Whether the client already has this content.
bool is_fresh(const ConditionalFields& fields, const Representation& content, UnixSeconds now) {
  if (fields.if_none_match) {
    const auto list = parse_etag_list(*fields.if_none_match);
    return list && matches_weakly(*list, content.etag);
  }
  if (!fields.if_modified_since || !content.last_modified) return false;
  const auto date = parse_http_date(trimmed(*fields.if_modified_since), now);
  return date && *content.last_modified <= *date;
}

// Whether the range is of the same content that the client has a part of.
bool range_applies(std::string_view if_range, const Representation& content, UnixSeconds now) {
  const std::string_view text = trimmed(if_range);
  if (const auto tag = parse_etag(text)) {
    return content.etag && strong_match(*tag, *content.etag);
  }
  const auto date = parse_http_date(text, now);
  // Within the second of the last change the content may change again unseen (section 8.8.2.2).
  return date && content.last_modified && *date == *content.last_modified &&
         *content.last_modified < now;
}

}  // namespace

HttpResult<bool> may_change(const ConditionalFields& fields,
                            const std::optional<Representation>& content, UnixSeconds now) {
  if (fields.if_match) {
    const auto list = parse_etag_list(*fields.if_match);
    if (!list) return std::unexpected(HttpErrc::malformed);
    return content && matches_strongly(*list, content->etag);
  }
  if (!fields.if_unmodified_since || !content || !content->last_modified) return true;
  const auto date = parse_http_date(trimmed(*fields.if_unmodified_since), now);
  return !date || *content->last_modified <= *date;
}

Selection select(RetrievalMethod method, const ConditionalFields& fields,
                 const Representation& content, UnixSeconds now) {
  const auto wanted = may_change(fields, content, now);
  if (!wanted) return {.status = 400, .ranges = {}};
  if (!*wanted) return {.status = 412, .ranges = {}};
  if (is_fresh(fields, content, now)) return {.status = 304, .ranges = {}};
  if (method == RetrievalMethod::head || !fields.range) return {};
  if (fields.if_range && !range_applies(*fields.if_range, content, now)) return {};
  RangePlan plan = plan_ranges(*fields.range, content.length);
  switch (plan.kind) {
    case RangeKind::whole:
      return {};
    case RangeKind::partial:
      return {.status = 206, .ranges = std::move(plan.ranges)};
    case RangeKind::unsatisfiable:
      return {.status = 416, .ranges = {}};
  }
  std::unreachable();
}

}  // namespace weir::http
