-- The contacts that the `lines` of a customer form, as pipeline.kpi.contacts does: each line goes on with the last
-- contact of its ticket on its channel, else with the last of its channel, unless that is of another ticket, was silent
-- for the pause or is solved (pipeline.model.contact). Who does not ask begins none.
--
-- Lines are folded from one silence of their longest pause to the next; after 500 without one, as of an id that many
-- share, from anew: the time of a fold grows with the square of its lines.
--
-- A contact is (time of its last line, channel, ticket, whether it is solved, topics, when it began, whether it asked for
-- a person, the touchpoint and minute of its beginning). A line is that of parts/contact_line.sql.
arrayFlatten(arrayMap(some -> arrayFold((contacts, line) -> arrayMap(place -> multiIf(
    line.9 = 1,
    arrayMap(one -> (one.1, one.2, one.3,
        toUInt8(one.4 = 1 OR (line.5 != '' AND one.3 = line.5) OR (line.6 != '' AND has(one.5, line.6))),
        one.5, one.6, one.7, one.8, one.9), contacts),
    place > 0,
    arrayConcat(
        arrayFilter((one, its_place) -> its_place != place, contacts, arrayEnumerate(contacts)),
        arrayMap(one -> (line.1, one.2, if(line.7 = 1 AND line.5 != '', line.5, one.3), one.4,
            if(line.7 = 1 AND NOT has(one.5, line.6), arrayPushBack(one.5, line.6), one.5),
            one.6, greatest(one.7, line.8), one.8, one.9), [contacts[place]])),
    line.7 = 1,
    arrayPushBack(contacts, (line.1, line.4, line.5, toUInt8(0), [line.6], line.1, line.8, line.10, line.11)),
    contacts), [multiIf(
        arrayExists(one -> one.2 = line.4 AND one.4 = 0 AND line.1 - one.1 < line.13 AND one.3 = line.5, contacts),
        arrayLastIndex(one -> one.2 = line.4 AND one.4 = 0 AND line.1 - one.1 < line.13 AND one.3 = line.5, contacts),
        arrayLastIndex(one -> one.2 = line.4 AND one.4 = 0 AND line.1 - one.1 < line.12 AND (one.3 = '' OR line.5 = ''), contacts))])[1],
    some,
    CAST([], 'Array(Tuple(Int64, String, String, UInt8, Array(String), Int64, UInt8, String, DateTime(\'UTC\')))')),
    arraySplit((line, before, number) -> line.1 - before.1 >= arrayMax(lines.13) OR number % 500 = 0,
        lines, arrayRotateRight(lines, 1), arrayEnumerate(lines))))
