package check

import "strings"

// functions are MySQL's and MariaDB's functions that compute a value of what they are given and do nothing else,
// sorted. Left out are those that wait, lock, read files or settings, keep state from call to call (RAND,
// LAST_INSERT_ID(x), NEXTVAL, UUID), tell of the server, its users and sessions, or whose errors quote the data
// that they were given (EXTRACTVALUE, UPDATEXML).
var functions = strings.Fields(`
abs acos adddate addtime ascii asin atan atan2 avg
bin bit_and bit_count bit_length bit_or bit_xor
cast ceil ceiling char char_length character_length coalesce concat concat_ws conv convert cos cot count
crc32 cume_dist curdate current_date current_time current_timestamp curtime
date date_add date_format date_sub datediff day dayname dayofmonth dayofweek dayofyear default degrees dense_rank
elt exp extract
field find_in_set first_value floor format from_base64 from_days from_unixtime
get_format greatest group_concat grouping
hex hour
if ifnull insert instr isnull
json_array json_array_append json_array_insert json_arrayagg json_compact json_contains json_contains_path json_depth
json_detailed json_equals json_exists json_extract json_insert json_keys json_length json_merge_patch json_merge_preserve
json_normalize json_object json_objectagg json_overlaps json_pretty json_query json_quote json_remove json_replace
json_search json_set json_table json_type json_unquote json_valid json_value
lag last_day last_value lcase lead least left length ln locate log log10 log2 lower lpad ltrim
makedate maketime max md5 microsecond mid min minute mod month monthname
now nth_value ntile nullif
oct octet_length ord
percent_rank period_add period_diff pi position pow power
quarter quote
radians rank regexp_instr regexp_like regexp_replace regexp_substr repeat replace reverse right round row_number rpad rtrim
sec_to_time second sha sha1 sha2 sign sin soundex space sqrt std stddev stddev_pop stddev_samp str_to_date strcmp subdate
substr substring substring_index subtime sum
tan time time_format time_to_sec timediff timestamp timestampadd timestampdiff to_base64 to_days to_seconds trim truncate
ucase unhex unix_timestamp upper utc_date utc_time utc_timestamp
var_pop var_samp variance
week weekday weekofyear weight_string
year yearweek`)

// keywords are the words besides functions that a parenthesis may follow, sorted.
var keywords = strings.Fields(`
against all and any as between binary both by case char columns cross datetime dec decimal distinct div double
else escape except exists float for from having in index intersect interval is join key lateral leading like limit
match mod nchar not numeric offset on or over partition path range regexp return rlike row rows select separator signed some
straight_join then trailing union unsigned using values varbinary varchar when where window with xor`)
