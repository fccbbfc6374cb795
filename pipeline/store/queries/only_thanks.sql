label = 'positive' AND position(intents, '"name":"thanks"') > 0
    AND length(splitByString('"name":', intents)) + 1
        = length(splitByString('"name":"thanks"', intents)) + length(splitByString('"name":"praise"', intents))
