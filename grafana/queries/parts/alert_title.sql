visitParamExtractString(visitParamExtractRaw(alert, 'titles'), '{language}')
