Tuple(Tuple(Int64, Int8, String, String, UInt8), Int64, UInt8, Array(Tuple(Tuple(Int64, Int8, String, String, UInt8), Int64)))
