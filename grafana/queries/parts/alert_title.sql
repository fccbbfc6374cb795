simpleJSONExtractString(simpleJSONExtractRaw(alert, 'titles'), '{language}')
